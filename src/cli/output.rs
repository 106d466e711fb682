//! Where reports go: standard output, or files that appear whole or not at all.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use keysieve::model::{Event, Summary};
use keysieve::platform;
use keysieve::report::{self, Format, Options, Report};
use keysieve::source::{PARTIAL_PREFIX, PARTIAL_SUFFIX};
use tempfile::NamedTempFile;

use super::Failure;

/// A report to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its format.
    pub format: Format,
    /// Its file; standard output where there is none.
    pub file: Option<PathBuf>,
}

/// The reports that `--format` and `--output` ask for. An output belongs to the format before it; one without a format
/// is of the kind its name says.
pub fn pairs(matches: &ArgMatches) -> Result<Vec<Output>, Failure> {
    enum Given {
        Format(Format),
        File(PathBuf),
    }
    let mut given: Vec<(usize, Given)> = Vec::new();
    for (value, at) in values::<String>(matches, "format") {
        let format = Format::parse(value).ok_or_else(|| {
            Failure(format!(
                "unknown format `{value}`; expected one of {}",
                names()
            ))
        })?;
        given.push((at, Given::Format(format)));
    }
    for (value, at) in values::<PathBuf>(matches, "output") {
        given.push((at, Given::File(value.clone())));
    }
    given.sort_by_key(|(at, _)| *at);
    let mut outputs: Vec<Output> = Vec::new();
    // Whether the last one is a format that waits for its file.
    let mut open = false;
    for (_, given) in given {
        match given {
            Given::Format(format) => {
                outputs.push(Output { format, file: None });
                open = true;
            }
            Given::File(file) => {
                let last = outputs.last_mut().filter(|_| open);
                match last {
                    Some(output) => output.file = Some(file),
                    None => {
                        let format = Format::from_extension(&file).ok_or_else(|| {
                            Failure(format!(
                                "{}: its name does not tell a format; put `--format` before `--output`",
                                file.display()
                            ))
                        })?;
                        outputs.push(Output {
                            format,
                            file: Some(file),
                        });
                    }
                }
                open = false;
            }
        }
    }
    if outputs.is_empty() {
        outputs.push(Output {
            format: Format::Text,
            file: None,
        });
    }
    let mut places = HashSet::new();
    match outputs.iter().find(|output| !places.insert(&output.file)) {
        None => Ok(outputs),
        Some(Output { file: None, .. }) => Err(Failure(
            "more than one format goes to standard output; give all but one of them an `--output`"
                .to_owned(),
        )),
        Some(Output {
            file: Some(file), ..
        }) => Err(Failure(format!(
            "{}: more than one report goes there",
            file.display()
        ))),
    }
}

fn values<'m, T: Clone + Send + Sync + 'static>(
    matches: &'m ArgMatches,
    id: &str,
) -> impl Iterator<Item = (&'m T, usize)> {
    let values = matches.get_many::<T>(id).into_iter().flatten();
    values.zip(matches.indices_of(id).into_iter().flatten())
}

fn names() -> String {
    Format::ALL
        .iter()
        .map(|format| format.name())
        .collect::<Vec<_>>()
        .join(", ")
}

/// All reports of a run, opened before it starts so that a mistake costs no scan.
pub struct Reports {
    open: Vec<OpenReport>,
}

struct OpenReport {
    report: Box<dyn Report + Send>,
    file: Option<Pending>,
}

impl Reports {
    /// Opens `outputs`. `terminal` are the options of a report on standard output; files have no colour and no width.
    pub fn open(outputs: &[Output], terminal: &Options) -> Result<Reports, Failure> {
        let mut open = Vec::new();
        for output in outputs {
            let Some(path) = &output.file else {
                let to = Box::new(anstream::AutoStream::new(
                    io::stdout(),
                    // Whether there is colour has been decided; the stream only translates it where a console needs it.
                    if terminal.color {
                        anstream::ColorChoice::Always
                    } else {
                        anstream::ColorChoice::AlwaysAnsi
                    },
                ));
                open.push(OpenReport {
                    report: report::open(output.format, to, terminal),
                    file: None,
                });
                continue;
            };
            let (to, pending) = Pending::open(path)?;
            let options = Options {
                color: false,
                width: None,
                ..terminal.clone()
            };
            let report = report::open(output.format, Box::new(to), &options);
            open.push(OpenReport {
                report,
                file: Some(pending),
            });
        }
        Ok(Reports { open })
    }

    /// Whether a report for people goes to standard output.
    pub fn shows_summary(outputs: &[Output]) -> bool {
        outputs.iter().any(|output| {
            output.file.is_none() && matches!(output.format, Format::Text | Format::Brief)
        })
    }

    /// Whether each of them prints a finding as soon as it gets it.
    pub fn shows_at_once(outputs: &[Output]) -> bool {
        outputs
            .iter()
            .all(|output| matches!(output.format, Format::Text | Format::Jsonl))
    }

    /// Hands an event to all of them.
    pub fn event(&mut self, event: &Event) -> Result<(), Failure> {
        for open in &mut self.open {
            written(open.report.event(event), open.file.as_ref())?;
        }
        Ok(())
    }

    /// Ends all of them and lets the files appear.
    pub fn finish(self, summary: &Summary) -> Result<(), Failure> {
        for mut open in self.open {
            written(open.report.finish(summary), open.file.as_ref())?;
            drop(open.report);
            if let Some(pending) = open.file {
                pending.appear()?;
            }
        }
        Ok(())
    }
}

/// A reader that goes away early, such as `head`, is no mistake.
fn written(result: io::Result<()>, file: Option<&Pending>) -> Result<(), Failure> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe && file.is_none() => Ok(()),
        Err(e) => {
            let name = file.map_or("standard output".into(), |file| {
                file.path.display().to_string()
            });
            Err(Failure::io(format!("{name} cannot be written"), &e))
        }
        Ok(()) => Ok(()),
    }
}

/// A file that is written beside its place and moved there when it is whole.
pub struct Pending {
    path: PathBuf,
    temporary: Option<NamedTempFile>,
}

impl Pending {
    /// Opens `path` for writing. What is not a regular file (`/dev/null`, a pipe) is written directly.
    pub fn open(path: &Path) -> Result<(File, Pending), Failure> {
        let failed =
            |e: io::Error| Failure::io(format!("{} cannot be written", path.display()), &e);
        let target = behind_links(path);
        let old = fs::metadata(&target).ok();
        if old.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(Failure(format!(
                "{} cannot be written: it is a directory",
                path.display()
            )));
        }
        if old.as_ref().is_some_and(|old| !old.is_file()) {
            let file = OpenOptions::new()
                .write(true)
                .open(&target)
                .map_err(failed)?;
            return Ok((
                file,
                Pending {
                    path: path.to_owned(),
                    temporary: None,
                },
            ));
        }
        let folder = target
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(PARTIAL_PREFIX).suffix(PARTIAL_SUFFIX);
        platform::with_usual_permissions(&mut builder);
        let temporary = builder.tempfile_in(folder).map_err(failed)?;
        if let Some(old) = old {
            // A read-only file is not to be replaced behind its owner's back.
            OpenOptions::new()
                .append(true)
                .open(&target)
                .map_err(failed)?;
            temporary
                .as_file()
                .set_permissions(old.permissions())
                .map_err(failed)?;
        }
        let file = temporary.reopen().map_err(failed)?;
        Ok((
            file,
            Pending {
                path: target,
                temporary: Some(temporary),
            },
        ))
    }

    /// Writes all of it and moves it to its place.
    pub fn write(self, mut file: File, content: &[u8]) -> Result<(), Failure> {
        file.write_all(content)
            .map_err(|e| Failure::io(format!("{} cannot be written", self.path.display()), &e))?;
        drop(file);
        self.appear()
    }

    /// Moves it to its place.
    pub fn appear(self) -> Result<(), Failure> {
        let Some(temporary) = self.temporary else {
            return Ok(());
        };
        let failed =
            |e: &io::Error| Failure::io(format!("{} cannot be written", self.path.display()), e);
        temporary.as_file().sync_all().map_err(|e| failed(&e))?;
        temporary
            .persist(&self.path)
            .map(|_| ())
            .map_err(|e| failed(&e.error))
    }
}

/// The place that `path` means, through links, so that they stay; also where nothing is there yet.
fn behind_links(path: &Path) -> PathBuf {
    /// As many as the system follows.
    const LINKS: usize = 40;
    if let Ok(target) = fs::canonicalize(path) {
        return target;
    }
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&target) {
            Ok(next) => target = target.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => break,
        }
    }
    target
}
