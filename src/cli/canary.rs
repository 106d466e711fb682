//! `keysieve canary`.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::{Args, Subcommand};
use keysieve::canary::{self, Kind, Planted, Register};
use keysieve::model::mask_line;
use serde_json::json;

use super::{Exit, Failure};

/// Shown below the help.
pub const EXAMPLES: &str = "\
Examples:
  keysieve canary new --kind aws --plant ~/.aws/credentials --note laptop
  keysieve canary new --kind mcp --plant .mcp.json
  keysieve canary new --kind word       prints it, to be planted by hand
  keysieve canary list

Whatever keysieve scans afterwards, a canary outside of the file it was planted in is reported as critical.";

/// The variable that names the register.
const VARIABLE: &str = "KEYSIEVE_CANARIES";

#[derive(Debug, Subcommand)]
pub enum CanaryCommand {
    /// Make one, and plant or print it. Its value is shown this once and kept nowhere.
    New(NewArgs),
    /// List those that were made, without their values.
    List {
        /// Print JSON rather than a table.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        register: RegisterArgs,
    },
    /// Forget some. What was planted stays where it is, and raises no alarm any more.
    Remove {
        /// Their ids, as in the list.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        register: RegisterArgs,
    },
}

#[derive(Debug, Args)]
pub struct NewArgs {
    /// What it looks like: aws, github, slack, database-url, env, mcp, word.
    #[arg(long, value_name = "KIND")]
    kind: String,
    /// Put it into this file: an MCP server into a JSON file, anything else as lines at the end.
    #[arg(long, value_name = "FILE")]
    plant: Option<PathBuf>,
    /// A note that reports show: whose laptop, which repository.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// What to call it: the profile (aws), the server (mcp), the variable (others).
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    register: RegisterArgs,
}

#[derive(Debug, Args)]
pub struct RegisterArgs {
    /// The register. Default: KEYSIEVE_CANARIES, or `keysieve/canaries.jsonl` in your data folder.
    #[arg(long, value_name = "FILE")]
    register: Option<PathBuf>,
}

/// Makes, lists or forgets canaries.
pub fn run(command: &CanaryCommand) -> Result<Exit, Failure> {
    match command {
        CanaryCommand::New(args) => new(args),
        CanaryCommand::List { json, register } => list(*json, &path(register)?),
        CanaryCommand::Remove { ids, register } => remove(ids, &path(register)?),
    }
}

/// The register that a command meets canaries by: the one that is named, or the usual one if it is there.
pub fn register(named: Option<&Path>) -> Result<Option<Register>, Failure> {
    match named.map(Path::to_owned).or_else(from_environment) {
        Some(path) => Ok(Some(canary::load(&path, &keysieve::source::shown(&path))?)),
        None => Ok(canary::load_usual(|name| env::var_os(name), cfg!(windows))?),
    }
}

fn from_environment() -> Option<PathBuf> {
    let named = env::var_os(VARIABLE).filter(|value| !value.is_empty());
    named.map(PathBuf::from)
}

fn usual() -> Option<PathBuf> {
    canary::default_file(|name| env::var_os(name), cfg!(windows))
}

fn path(args: &RegisterArgs) -> Result<PathBuf, Failure> {
    let named = args.register.clone().or_else(from_environment);
    named.or_else(usual).ok_or_else(|| {
        Failure("there is no home folder for the register; name one with --register".to_owned())
    })
}

fn new(args: &NewArgs) -> Result<Exit, Failure> {
    let kind = Kind::parse(&args.kind).ok_or_else(|| {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        Failure(format!(
            "--kind: found `{}`; expected one of {}",
            args.kind,
            names.join(", ")
        ))
    })?;
    let register = path(&args.register)?;
    let mut random = |bytes: &mut [u8]| getrandom::fill(bytes).map_err(io::Error::other);
    let minted = canary::mint(kind, args.name.as_deref(), super::engine(), &mut random)
        .map_err(|e| Failure(e.to_string()))?;
    let mut id = [0; 4];
    random(&mut id).map_err(|e| Failure::io("the system's randomness", &e))?;
    let id = format!("{:08x}", u32::from_be_bytes(id));
    let planted = Planted {
        id: id.clone(),
        kind: kind.name().to_owned(),
        place: args.plant.as_deref().map(absolute).transpose()?,
        note: args.note.clone(),
        planted: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        hashes: Vec::new(),
    };
    // Known before it is planted: a canary that nobody knows raises no alarm.
    canary::add(&register, planted, &minted.secrets)?;
    match &args.plant {
        Some(file) => {
            if let Err(e) = canary::plant(file, &minted) {
                let _ = canary::remove(&register, &[id]);
                let file = file.display();
                return Err(Failure(format!("{file}: nothing was planted: {e}")));
            }
            let _ = writeln!(io::stderr(), "{id}: planted in {}", file.display());
        }
        None => {
            io::stdout()
                .write_all(minted.text.as_bytes())
                .map_err(|e| Failure::io("standard output", &e))?;
            let _ = writeln!(
                io::stderr(),
                "{id}: shown this once; plant it where nobody should read"
            );
        }
    }
    Ok(Exit::Clean)
}

/// The file's place, wherever the register is read from later.
fn absolute(file: &Path) -> Result<String, Failure> {
    let absolute = std::path::absolute(file).map_err(|e| Failure::io(file.display(), &e))?;
    Ok(absolute.to_string_lossy().into_owned())
}

fn list(as_json: bool, path: &Path) -> Result<Exit, Failure> {
    // None was made yet.
    let register = match path.exists() {
        true => Some(canary::load(path, &keysieve::source::shown(path))?),
        false => None,
    };
    let planted = register.as_ref().map_or(&[][..], Register::planted);
    let mut text = String::new();
    if as_json {
        let shown = |p: &Planted| {
            json!({
                "id": p.id, "kind": p.kind, "place": p.place, "note": p.note, "planted": p.planted,
            })
        };
        let all: Vec<_> = planted.iter().map(shown).collect();
        text.push_str(&format!("{:#}\n", json!({ "canaries": all })));
    } else {
        for p in planted {
            let place = p.place.as_deref().unwrap_or("by hand");
            let note = p.note.as_ref().map(|note| format!("  # {note}"));
            let line = format!(
                "{}  {:<12}  {}  {place}{}",
                p.id,
                p.kind,
                p.planted,
                note.unwrap_or_default()
            );
            text.push_str(&mask_line(line.as_bytes(), &[]));
            text.push('\n');
        }
    }
    // A reader that goes away early is no mistake.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(Exit::Clean)
}

fn remove(ids: &[String], path: &Path) -> Result<Exit, Failure> {
    let removed = canary::remove(path, ids)?;
    for planted in &removed {
        let _ = writeln!(io::stderr(), "{}: forgotten", planted.id);
    }
    let is_gone = |id: &&String| removed.iter().any(|planted| planted.id == **id);
    match ids.iter().find(|id| !is_gone(id)) {
        Some(id) => Err(Failure(format!("there is no canary `{id}`"))),
        None => Ok(Exit::Clean),
    }
}
