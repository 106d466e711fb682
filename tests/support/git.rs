//! Repositories that real git makes, deaf to the configuration and environment of whoever runs the tests.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::{Run, Running, Tree};

/// What git is told about itself. Nothing packs, signs or waits by itself.
const CONFIG: &str = "\
[user]
	name = A Person
	email = person@example.com
[init]
	defaultBranch = main
[core]
	autocrlf = false
[commit]
	gpgSign = false
[tag]
	gpgSign = false
[gc]
	auto = 0
[maintenance]
	auto = false
[protocol \"file\"]
	allow = always
[advice]
	detachedHead = false
";

/// Variables by which an outer git, in whose hook the tests may run, would lead them into its own repository.
const OUTER: [&str; 9] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_CONFIG_PARAMETERS",
];

/// A folder for repositories, gone at the end of the test.
pub struct Lab {
    pub tree: Tree,
    clock: Cell<u64>,
}

impl Lab {
    pub fn new() -> Lab {
        let tree = Tree::new();
        tree.file("gitconfig", CONFIG);
        Lab {
            tree,
            clock: Cell::new(1_700_000_000),
        }
    }

    /// Its path, without symbolic links.
    pub fn path(&self) -> PathBuf {
        self.tree.path().canonicalize().expect("it is there")
    }

    /// Makes a repository in the folder `name`.
    pub fn init(&self, name: &str, args: &[&str]) -> Repo<'_> {
        let repo = self.repo(name);
        fs::create_dir_all(&repo.dir).expect("a folder");
        repo.git(&[&["init", "--quiet"], args].concat());
        repo
    }

    /// The repository that is in the folder `name`.
    pub fn repo(&self, name: &str) -> Repo<'_> {
        Repo {
            lab: self,
            dir: self.path().join(name),
        }
    }

    /// A program, to be run in `dir`. A second passes with each.
    pub fn command<S: AsRef<OsStr>>(&self, program: S, dir: &Path) -> Command {
        self.clock.set(self.clock.get() + 1);
        let date = format!("{} +0000", self.clock.get());
        let mut command = Command::new(program);
        OUTER.iter().for_each(|name| _ = command.env_remove(name));
        command
            .current_dir(dir)
            .env("HOME", self.path().join("nobody"))
            .env_remove("XDG_CONFIG_HOME")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.path().join("gitconfig"))
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        command
    }
}

/// A repository, or what is left of one.
#[derive(Clone)]
pub struct Repo<'l> {
    pub lab: &'l Lab,
    pub dir: PathBuf,
}

impl Repo<'_> {
    /// A file's path.
    pub fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.join(path)
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.lab.command("git", &self.dir);
        command.args(args);
        command
    }

    /// Runs git and returns what it prints, without the last line's end.
    pub fn git(&self, args: &[&str]) -> String {
        expect(args, self.command(args).output().expect("there is a git"))
    }

    /// Runs git with an input.
    pub fn git_with(&self, input: impl AsRef<[u8]>, args: &[&str]) -> String {
        let output = with_input(&mut self.command(args), input.as_ref());
        expect(args, output)
    }

    /// Runs git, which must fail, and returns what it says on standard error.
    pub fn git_fails(&self, args: &[&str]) -> String {
        let output = self.command(args).output().expect("there is a git");
        assert!(!output.status.success(), "git {args:?} went well");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Writes a file into the work tree.
    pub fn file(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let to = self.at(path);
        fs::create_dir_all(to.parent().expect("it lies below")).expect("folders");
        fs::write(&to, content).expect("written");
        to
    }

    /// Commits a file, whatever is ignored, and returns the commit's id.
    pub fn commit(&self, path: &str, content: impl AsRef<[u8]>) -> String {
        self.file(path, content);
        self.git(&["add", "--force", "--", path]);
        self.commit_staged(&format!("Write {path}"))
    }

    /// Commits what is staged.
    pub fn commit_staged(&self, message: &str) -> String {
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Writes an object that nothing refers to, and returns its id.
    pub fn object(&self, kind: &str, content: impl AsRef<[u8]>) -> String {
        let args = ["hash-object", "-w", "--literally", "--stdin", "-t", kind];
        self.git_with(content, &args)
    }

    /// The file of a loose object.
    pub fn loose(&self, id: &str) -> PathBuf {
        let git_dir = self.git(&["rev-parse", "--absolute-git-dir"]);
        Path::new(&git_dir)
            .join("objects")
            .join(&id[..2])
            .join(&id[2..])
    }

    /// The only pack.
    pub fn pack(&self) -> PathBuf {
        let git_dir = self.git(&["rev-parse", "--absolute-git-dir"]);
        let packs: Vec<PathBuf> = fs::read_dir(Path::new(&git_dir).join("objects/pack"))
            .expect("a folder of packs")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|end| end == "pack"))
            .collect();
        assert_eq!(packs.len(), 1, "{packs:?}");
        packs.into_iter().next().expect("there is one")
    }

    /// Runs keysieve in the repository.
    pub fn keysieve(&self, args: &[&str]) -> Run {
        let mut command = self.lab.command(env!("CARGO_BIN_EXE_keysieve"), &self.dir);
        Running::start(command.args(args)).wait()
    }
}

/// Runs a program with an input.
pub fn with_input(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("there is such a program");
    let mut stdin = child.stdin.take().expect("it is a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // One that does not read it says so by its exit code.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("it was written");
    output
}

fn expect(args: &[&str], output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?}: {said}");
    let printed = String::from_utf8_lossy(&output.stdout);
    printed.strip_suffix('\n').unwrap_or(&printed).to_owned()
}
