//! What a transcript says of a place: session, turn, tool, time.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::literal::Step;

/// What is known of a place in a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// The session's id.
    pub session: Option<String>,
    /// The turn's or message's id, or its number in the file.
    pub turn: Option<String>,
    /// The tool whose input or output it is.
    pub tool: Option<String>,
    /// When, as the transcript writes it.
    pub time: Option<String>,
}

impl Context {
    /// `session=…,turn=…,tool=…,time=…`, as far as known, behind a `#`; empty where nothing is.
    pub fn suffix(&self) -> String {
        let parts = [
            ("session", &self.session),
            ("turn", &self.turn),
            ("tool", &self.tool),
            ("time", &self.time),
        ];
        let said = parts.iter().filter_map(|(name, value)| {
            let value = value.as_ref().filter(|value| is_plain(value))?;
            Some(format!("{name}={value}"))
        });
        let said: Vec<String> = said.collect();
        match said.is_empty() {
            true => String::new(),
            false => format!("#{}", said.join(",")),
        }
    }
}

/// Whether a value is of the kind that ids, names and times are; anything else is not repeated.
fn is_plain(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= 64
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-.:+/@".contains(&b))
}

/// Reads contexts from one file's records; remembers which tool a call was of.
#[derive(Debug, Default)]
pub struct Reader {
    session: Option<String>,
    tools: HashMap<String, String>,
}

/// Calls that are remembered; a file that has more of them loses the first.
const CALLS: usize = 100_000;

impl Reader {
    /// For a file that is named after its session, as most are.
    pub fn new(session: Option<String>) -> Reader {
        Reader {
            session,
            tools: HashMap::new(),
        }
    }

    /// Remembers the tool calls of a record.
    pub fn note(&mut self, record: &Value) {
        match record {
            Value::Array(items) => items.iter().for_each(|item| self.note(item)),
            Value::Object(fields) => {
                if let (Some(call), Some(tool)) = (text(fields, &CALL), tool(fields)) {
                    if self.tools.len() >= CALLS {
                        self.tools.clear();
                    }
                    self.tools.insert(call, tool);
                }
                fields.values().for_each(|value| self.note(value));
            }
            _ => {}
        }
    }

    /// What is known of a place in a record that is the `number`th of its file.
    pub fn at(&self, record: &Value, path: &[Step], number: u64) -> Context {
        let mut context = Context {
            session: self.session.clone(),
            ..Context::default()
        };
        let mut value = Some(record);
        let mut index = None;
        for step in path.iter().map(Some).chain([None]) {
            if let Some(Value::Object(fields)) = value {
                self.learn(fields, &mut context);
            }
            if let (Some(Step::At(at)), None) = (step, index) {
                index = Some(*at);
            }
            value = match step {
                Some(Step::Key(key)) => value.and_then(|value| value.get(key)),
                Some(Step::At(at)) => value.and_then(|value| value.get(at)),
                None => None,
            };
        }
        let counted = match number {
            // A file of one value: the message's place in its list.
            0 => index.map(|index| index.to_string()),
            number => Some(number.to_string()),
        };
        context.turn = context.turn.or(counted);
        context
    }

    /// Takes what an object on the way says: what is nearer to the place is more exact.
    fn learn(&self, fields: &Map<String, Value>, context: &mut Context) {
        const SESSION: [&str; 6] = [
            "sessionId",
            "session_id",
            "sessionID",
            "conversation_id",
            "conversationId",
            "composerId",
        ];
        const TURN: [&str; 6] = [
            "turn_id",
            "turnId",
            "uuid",
            "messageId",
            "messageID",
            "bubbleId",
        ];
        const TIME: [&str; 6] = [
            "timestamp",
            "time",
            "createdAt",
            "created_at",
            "created",
            "ts",
        ];
        let set = |slot: &mut Option<String>, keys: &[&str]| {
            if let Some(found) = text(fields, keys) {
                *slot = Some(found);
            }
        };
        set(&mut context.session, &SESSION);
        set(&mut context.turn, &TURN);
        set(&mut context.time, &TIME);
        let call = text(fields, &CALL);
        let known = call.and_then(|call| self.tools.get(&call).cloned());
        if let Some(tool) = tool(fields).or(known) {
            context.tool = Some(tool);
        }
    }
}

/// Keys under which a call's id stands.
const CALL: [&str; 6] = [
    "tool_use_id",
    "call_id",
    "toolCallId",
    "callID",
    "tool_call_id",
    "id",
];

/// The tool that an object is about: a plain `name` is a tool's only beside what the tool is given.
fn tool(fields: &Map<String, Value>) -> Option<String> {
    let given = ["input", "arguments", "args", "tool_input"];
    let named = given.iter().any(|key| fields.contains_key(*key));
    let sure = text(fields, &["toolName", "tool_name", "tool"]);
    sure.or_else(|| text(fields, &["name"]).filter(|_| named))
}

fn text(fields: &Map<String, Value>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match fields.get(*key)? {
        Value::String(text) if is_plain(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn knows_session_turn_tool_and_time() {
        let mut reader = Reader::new(Some("file".into()));
        let call = json!({"sessionId": "s1", "message": {"content": [
            {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "env"}},
        ]}});
        reader.note(&call);
        let result = json!({"sessionId": "s1", "uuid": "u2", "timestamp": "2026-11-20T10:00:00Z", "message": {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "x"}],
        }});
        let key = |key: &str| Step::Key(key.into());
        let path = [key("message"), key("content"), Step::At(0), key("content")];
        let context = reader.at(&result, &path, 7);
        assert_eq!(
            context.suffix(),
            "#session=s1,turn=u2,tool=Bash,time=2026-11-20T10:00:00Z"
        );
        let codex = json!({"timestamp": "t", "payload": {"type": "function_call_output", "call_id": "toolu_1", "output": "x"}});
        let context = reader.at(&codex, &[key("payload"), key("output")], 3);
        assert_eq!(context.suffix(), "#session=file,turn=3,tool=Bash,time=t");
        let chat = json!({"messages": [{"text": "a"}, {"text": "b"}]});
        let path = [key("messages"), Step::At(1), key("text")];
        assert_eq!(reader.at(&chat, &path, 0).suffix(), "#session=file,turn=1");
    }

    #[test]
    fn repeats_nothing_that_is_no_name() {
        let reader = Reader::default();
        let record = json!({"sessionId": "a b\n", "uuid": "x".repeat(65), "timestamp": 5});
        assert_eq!(reader.at(&record, &[], 1).suffix(), "#turn=1,time=5");
    }
}
