//! One hook call: an event comes in, an answer goes out, whatever happens in between.
//!
//! It fails closed: an event that cannot be read, a defect, or a judgement that takes too long withholds what waits for
//! it, and says so. A panic's message, which may quote the event, is not a part of that.
//!
//! Where a record is kept, a decision is written down before it is answered, within the same time. What would pass is
//! withheld where that fails; what is stopped or redacted stays so.

use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::event::{Agent, Answer, Event, Phase, Verdict};
use super::guard::{Decision, Guard, Policy};
use super::protocol;
use super::record::Record;
use super::secret_file::texts;
use crate::canary::Register;
use crate::engine::{Engine, RuleSet};
use crate::redact::known::of_variables;
use crate::redact::{KnownValues, Redactor};

/// Longer events are withheld unread, in bytes.
pub const MAX_EVENT: u64 = 64 * 1024 * 1024;
/// How long the record of what was withheld may take, after which it is given up.
const GRACE: Duration = Duration::from_secs(1);

/// What an event is judged by.
pub struct Equipment {
    /// The rules.
    pub engine: Arc<Engine>,
    /// The canaries that raise an alarm.
    pub canaries: Option<Register>,
}

/// Writes a decision down, or says why it cannot. It may be called in any thread, and may hang or panic.
pub type Keep = Arc<dyn Fn(&Record) -> Result<(), String> + Send + Sync>;

/// How a hook call is to be done.
#[derive(Clone)]
pub struct Settings {
    /// Whose events they are where they do not tell.
    pub agent: Option<Agent>,
    /// What is wanted.
    pub policy: Policy,
    /// Let pass what cannot be judged.
    pub fail_open: bool,
    /// What takes longer is withheld.
    pub timeout: Duration,
    /// Keeps the record, if one is kept.
    pub keep: Option<Keep>,
}

/// What came of a hook call.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// For the agent.
    pub answer: Answer,
    /// What is written down about it.
    pub record: Record,
}

enum News {
    /// The event was read.
    Read(Box<Event>),
    /// The event was judged.
    Judged(Box<Judged>),
    /// It cannot be.
    Failed(String),
}

struct Judged {
    decision: Decision,
    record: Record,
    /// Whether it was written down.
    kept: Result<(), String>,
}

/// Reads one event from `input` to its end and answers it. Returns when it is answered or its time is over; the reading
/// and judging go on in a thread that nobody waits for.
pub fn run(
    input: impl Read + Send + 'static,
    equipment: impl FnOnce() -> Result<Equipment, String> + Send + 'static,
    settings: &Settings,
) -> Outcome {
    let (sender, news) = mpsc::channel();
    let own = settings.clone();
    let started = thread::Builder::new().spawn(move || {
        if let Err(why) = judge(input, equipment, &own, &sender) {
            // Nobody may be there any more.
            let _ = sender.send(News::Failed(why));
        }
    });
    match started {
        Ok(_) => wait(&news, settings),
        Err(_) => written(
            withheld(None, "no thread could be started", settings),
            settings,
        ),
    }
}

fn judge(
    input: impl Read,
    equipment: impl FnOnce() -> Result<Equipment, String>,
    settings: &Settings,
    sender: &Sender<News>,
) -> Result<(), String> {
    let policy = &settings.policy;
    let mut bytes = Vec::new();
    let read = input.take(MAX_EVENT + 1).read_to_end(&mut bytes);
    read.map_err(|_| "the event could not be read".to_owned())?;
    if bytes.len() as u64 > MAX_EVENT {
        return Err("the event is longer than 64 MiB".to_owned());
    }
    let whole = parse(&bytes).ok_or_else(|| "the event is not a JSON object".to_owned())?;
    let event = protocol::read(&whole, settings.agent);
    // The one who waits has all it needs to withhold it.
    let _ = sender.send(News::Read(Box::new(event.clone())));
    let Equipment { engine, canaries } = equipment()?;
    let known = known_values(&engine, policy);
    let nothing = known
        .as_ref()
        .map(|_| Engine::new(RuleSet::new(Vec::new())));
    let known = known.zip(nothing.as_ref());
    let known = known.map(|(known, nothing)| Redactor::new(nothing).with_known(known));
    let mut guard = Guard::new(&engine, policy)
        .with_known(known.as_ref())
        .with_canaries(canaries.as_ref());
    let decision = guard.judge(&event);
    let record = Record::of(&event, &decision).cleaned(&mut |text| guard.clean(text));
    let kept = settings.keep.as_ref().map_or(Ok(()), |keep| keep(&record));
    let _ = sender.send(News::Judged(Box::new(Judged {
        decision,
        record,
        kept,
    })));
    Ok(())
}

/// The secret ones among the environment's values; none where there are none. A short one, or one of letters alone, may
/// be a word that stands in any text.
fn known_values(engine: &Engine, policy: &Policy) -> Option<KnownValues> {
    let all = policy
        .variables
        .iter()
        .map(|(name, value)| (&name[..], &value[..]));
    let mut known = of_variables(engine, all, &|name| format!("value of the variable {name}"));
    known.retain(|(_, secret)| {
        let value = secret.expose();
        value.len() >= 16 || value.len() >= 8 && !value.iter().all(u8::is_ascii_alphabetic)
    });
    // What is too much for it is left to the rules.
    let known = KnownValues::new(known).ok()?;
    (!known.is_empty()).then_some(known)
}

fn wait(news: &Receiver<News>, settings: &Settings) -> Outcome {
    let deadline = Instant::now() + settings.timeout;
    let mut event = None;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let why = match (news.recv_timeout(left), event.as_ref()) {
            (Ok(News::Read(read)), _) => {
                event = Some(*read);
                continue;
            }
            (Ok(News::Judged(judged)), Some(event)) => {
                return judged.outcome(event, settings);
            }
            (Ok(News::Failed(why)), _) => why,
            (Err(RecvTimeoutError::Timeout), _) => "it took too long".to_owned(),
            // The thread ended without a word: a defect.
            (Ok(News::Judged(_)) | Err(RecvTimeoutError::Disconnected), _) => {
                "of a defect".to_owned()
            }
        };
        return written(withheld(event.as_ref(), &why, settings), settings);
    }
}

impl Judged {
    /// What comes of it: what passes needs its record, and what does not is in force without one.
    fn outcome(self, event: &Event, settings: &Settings) -> Outcome {
        let Judged {
            decision,
            record,
            kept,
        } = self;
        let stops = matches!(
            decision.verdict,
            Verdict::Deny | Verdict::Ask | Verdict::Replace(_)
        );
        let outcome = || Outcome {
            answer: alarmed(protocol::answer(event, &decision), &record),
            record,
        };
        match kept {
            Ok(()) => outcome(),
            Err(why) if stops || settings.fail_open => outcome().unrecorded(&why),
            Err(why) => {
                let why = format!("the record of it could not be kept: {why}");
                withheld(Some(event), &why, settings)
            }
        }
    }
}

/// The answer with a line on standard error for each canary that it does not name: where an output is replaced, not
/// every protocol has a place for a reason.
fn alarmed(mut answer: Answer, record: &Record) -> Answer {
    for found in &record.found {
        let Some(canary) = &found.canary else {
            continue;
        };
        let told = answer.stdout.as_ref().map(Value::to_string);
        let is_told = told.is_some_and(|told| told.contains(canary));
        if !is_told && !answer.stderr.contains(canary) {
            answer.add_line(&format!("keysieve: alarm: what was found {canary}"));
        }
    }
    answer
}

impl Outcome {
    /// With a word about the record that is missing.
    fn unrecorded(mut self, why: &str) -> Outcome {
        self.answer.add_line(&format!(
            "keysieve: the record of this could not be kept: {why}"
        ));
        self
    }
}

/// Writes down what was withheld. It is withheld whatever comes of that, so nobody waits for it for long.
fn written(outcome: Outcome, settings: &Settings) -> Outcome {
    let Some(keep) = settings.keep.clone() else {
        return outcome;
    };
    let record = outcome.record.clone();
    let (sender, kept) = mpsc::channel();
    let started = thread::Builder::new().spawn(move || sender.send(keep(&record)));
    let kept = started
        .ok()
        .and_then(|_| kept.recv_timeout(GRACE).ok())
        .unwrap_or_else(|| Err("it took too long, or there is a defect".to_owned()));
    match kept {
        Ok(()) => outcome,
        Err(why) => outcome.unrecorded(&why),
    }
}

/// The outcome for an event that could not be judged.
fn withheld(event: Option<&Event>, why: &str, settings: &Settings) -> Outcome {
    let agent = event.and_then(|event| event.agent).or(settings.agent);
    let consent = agent.and_then(protocol::consent);
    let record = Record::withheld(event, why, settings.fail_open);
    let pass = |note: String| Answer {
        stdout: consent.clone(),
        ..Answer::note(&note)
    };
    if settings.fail_open {
        let answer = pass(format!(
            "keysieve could not judge this, because {why}; let through, as --fail-open asks"
        ));
        return Outcome { answer, record };
    }
    let reason = format!("keysieve withheld this, because {why}");
    let answer = match event {
        Some(event) if event.known && !event.phase.is_blocking() => pass(format!(
            "keysieve could not judge this, because {why}; nothing waits for it"
        )),
        Some(event) if event.known => {
            let verdict = match event.phase {
                Phase::AfterTool if event.can.replace => {
                    Verdict::Replace(texts(&event.body, &mut |_| format!("[{reason}]")))
                }
                Phase::AfterTool => Verdict::Warn,
                _ => Verdict::Deny,
            };
            let refuse = verdict == Verdict::Warn;
            let decision = Decision {
                verdict,
                reason: reason.clone(),
                found: Vec::new(),
            };
            match refuse {
                true => Answer::refusal(&reason),
                false => protocol::answer(event, &decision),
            }
        }
        _ => Answer::refusal(&reason),
    };
    Outcome { answer, record }
}

/// Reads a JSON object. Half of a character outside the basic plane, which JavaScript writes where it cuts a text, and
/// bytes that are not UTF-8 are read as the replacement character, for an event that cannot be read is withheld.
fn parse(bytes: &[u8]) -> Option<Value> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: Option<Value> = serde_json::from_slice(bytes).ok();
    let value = value.or_else(|| {
        let text = String::from_utf8_lossy(bytes);
        serde_json::from_str(&without_lone_surrogates(&text)).ok()
    });
    value.filter(Value::is_object)
}

fn without_lone_surrogates(text: &str) -> String {
    /// The code unit of the escape that `text` begins with.
    fn unit(text: &str) -> Option<u16> {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    }
    let mut new = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        new.push_str(&rest[..at]);
        rest = &rest[at..];
        let high = unit(rest).filter(|unit| (0xd800..0xdc00).contains(unit));
        let low = rest.get(6..).and_then(unit);
        let paired = high.is_some() && low.is_some_and(|unit| (0xdc00..0xe000).contains(&unit));
        let lone = !paired && unit(rest).is_some_and(|unit| (0xd800..0xe000).contains(&unit));
        let length = match (paired, unit(rest)) {
            (true, _) => 12,
            (false, Some(_)) => 6,
            // A backslash and what it escapes.
            (false, None) => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        new.push_str(if lone { "\\ufffd" } else { &rest[..length] });
        rest = &rest[length..];
    }
    new + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings(fail_open: bool) -> Settings {
        Settings {
            agent: None,
            policy: Policy::default(),
            fail_open,
            timeout: Duration::from_secs(60),
            keep: None,
        }
    }

    fn engine() -> Result<Equipment, String> {
        Ok(Equipment {
            engine: Arc::new(Engine::new(RuleSet::embedded())),
            canaries: None,
        })
    }

    #[test]
    fn withholds_what_is_no_event() {
        for input in [
            "",
            "{",
            "[]",
            "null",
            "\"x\"",
            "{\"a\":1}}",
            "{\"a\":\u{0}}",
        ] {
            let closed = run(input.as_bytes(), engine, &settings(false));
            assert_eq!(closed.answer.code, 2, "{input:?}");
            assert_eq!(closed.answer.stdout, None);
            assert!(closed.answer.stderr.contains("withheld"));
            assert_eq!(closed.record.decision, "withhold");
            let open = run(input.as_bytes(), engine, &settings(true));
            assert_eq!(
                (open.answer.code, open.answer.stdout),
                (0, None),
                "{input:?}"
            );
        }
    }

    #[test]
    fn what_is_too_long_is_withheld_unread() {
        let endless = std::io::repeat(b' ');
        let outcome = run(endless, engine, &settings(false));
        assert_eq!(outcome.answer.code, 2);
        assert!(
            outcome.answer.stderr.contains("longer than 64 MiB"),
            "{}",
            outcome.answer.stderr
        );
    }

    #[test]
    fn a_defect_withholds_in_the_tools_own_shape() {
        let event = json!({
            "session_id": "s", "transcript_path": "/t", "cwd": "/", "hook_event_name": "PostToolUse",
            "tool_name": "Read", "tool_input": {"file_path": "/a"}, "tool_use_id": "t",
            "tool_response": {"type": "text", "file": {"filePath": "/a", "content": "x", "numLines": 1}},
        });
        let defect = || -> Result<Equipment, String> { panic!("a defect that quotes the event") };
        let outcome = run(
            std::io::Cursor::new(event.to_string()),
            defect,
            &settings(false),
        );
        let answer = outcome.answer;
        let output = &answer.stdout.expect("an answer")["hookSpecificOutput"]["updatedToolOutput"];
        assert_eq!(output["type"], "text");
        assert_eq!(output["file"]["filePath"], "/a");
        assert_eq!(output["file"]["numLines"], 1);
        let content = output["file"]["content"].as_str().expect("a text");
        assert_eq!(content, "[keysieve withheld this, because of a defect]");
        assert_eq!(answer.code, 0);
    }

    #[test]
    fn what_takes_too_long_is_withheld() {
        struct Never;
        impl Read for Never {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                thread::park();
                Ok(0)
            }
        }
        let settings = Settings {
            timeout: Duration::from_millis(1),
            ..settings(false)
        };
        let outcome = run(Never, engine, &settings);
        assert_eq!(outcome.answer.code, 2);
        assert!(outcome.answer.stderr.contains("too long"));
    }

    /// Whatever becomes of the record: nothing passes without one, and what is stopped stays so.
    #[test]
    fn a_record_that_fails_opens_nothing() {
        let token = crate::engine::example::expand("<crc32-base62:ghp_>", 5);
        let event = |command: &str| {
            let event = json!({
                "session_id": "s", "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_use_id": "t",
                "tool_input": {"command": command},
            });
            std::io::Cursor::new(event.to_string())
        };
        type Kept = fn(&Record) -> Result<(), String>;
        let keeps: [(&str, Kept); 3] = [
            ("fails", |_| Err("no space".to_owned())),
            ("panics", |_| panic!("a defect")),
            ("hangs", |_| {
                loop {
                    thread::park();
                }
            }),
        ];
        let denied = |outcome: &Outcome| {
            let decision = |out: &Value| out["hookSpecificOutput"]["permissionDecision"] == "deny";
            outcome.answer.code == 2 || outcome.answer.stdout.as_ref().is_some_and(decision)
        };
        for (name, keep) in keeps {
            let mut settings = settings(false);
            settings.keep = Some(Arc::new(keep));
            if name == "hangs" {
                settings.timeout = Duration::from_millis(200);
            }
            for command in ["ls", &format!("echo {token}"), "{"] {
                let outcome = match command {
                    "{" => run("{".as_bytes(), engine, &settings),
                    _ => run(event(command), engine, &settings),
                };
                assert!(denied(&outcome), "{name}, {command}: {outcome:?}");
                let said = format!("{:?}", outcome.answer);
                assert!(said.contains("record") || name != "fails", "{said}");
                assert!(!said.contains(&token));
            }
            settings.fail_open = true;
            let outcome = run(event("ls"), engine, &settings);
            assert!(!denied(&outcome), "{name}");
            let said = &outcome.answer.stderr;
            assert!(said.contains("record"), "{name}: {said}");
        }
    }

    #[test]
    fn covers_values_of_the_environment() {
        let event = json!({
            "session_id": "s", "hook_event_name": "PostToolUse", "tool_name": "Bash",
            "tool_input": {"command": "x"}, "tool_use_id": "t",
            "tool_response": {"stdout": "a hunter2-hunter2 b postgres aHVudGVyMi1odW50ZXIy", "stderr": ""},
        });
        let mut settings = settings(false);
        let variable = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        settings.policy.variables = vec![
            variable("APP_PASSWORD", "hunter2-hunter2"),
            variable("DB_PASSWORD", "postgres"),
            variable("HOME", "/home/dev"),
        ];
        let run = |event: &Value| run(std::io::Cursor::new(event.to_string()), engine, &settings);
        let outcome = run(&event);
        let output =
            &outcome.answer.stdout.expect("an answer")["hookSpecificOutput"]["updatedToolOutput"];
        let mark = "[REDACTED:known-value]";
        assert_eq!(output["stdout"], format!("a {mark} b postgres {mark}"));
        assert!(
            outcome
                .record
                .found
                .iter()
                .all(|found| found.rule == "known-value")
        );
        assert!(
            outcome.record.reason.contains("APP_PASSWORD"),
            "{}",
            outcome.record.reason
        );
        let command = json!({
            "session_id": "s", "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_use_id": "t",
            "tool_input": {"command": "psql hunter2-hunter2"},
        });
        assert_eq!(
            run(&command).answer.stdout,
            None,
            "a known value stops no command"
        );
    }

    #[test]
    fn reads_half_characters() {
        let cases = [
            (r#"{"a":"x\ud83d"}"#, "x\u{fffd}"),
            (r#"{"a":"\ude00y"}"#, "\u{fffd}y"),
            (r#"{"a":"\ud83d\ude00"}"#, "\u{1f600}"),
            (r#"{"a":"\ud83d\ud83d\ude00"}"#, "\u{fffd}\u{1f600}"),
            (r#"{"a":"\\ud83d"}"#, "\\ud83d"),
            (r#"{"a":"\ud83d\n"}"#, "\u{fffd}\n"),
        ];
        for (text, want) in cases {
            let value = parse(text.as_bytes()).expect("an object");
            assert_eq!(value["a"], want, "{text}");
        }
        assert_eq!(
            parse(b"{\"a\":\"\xff\"}").expect("an object")["a"],
            "\u{fffd}"
        );
        assert_eq!(parse(b"{\"a\":\"\\u"), None);
    }
}
