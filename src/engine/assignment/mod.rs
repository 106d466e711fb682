//! Values assigned to names, in any syntax: `k = v`, `k: v`, `"k": "v"`, `k => v`, `k := v`, `let k: T = v`,
//! `<k>v</k>`, `key="k" value="v"`, `<name>k</name><value>v</value>`, `name: k` before `value: v`, `--k v`, `setK("v")`,
//! `("k", "v")`, `k = f("v")`, `k is "v"`, `k - v`, `| k | v |`, `k || "v"`, `ENV k v`, `owner k v`, `Dim k As T = v`,
//! `set :k, "v"`, a YAML list or block, plain or escaped inside another string.
//!
//! Everything is bounded, so that what is read depends on a few hundred bytes around the keyword alone.

mod floor;
mod statement;
mod value;

pub use floor::floor;

use std::ops::Range;

use statement::{is_set, is_symbol_set};

/// How far a name goes to either side of its keyword.
pub const NAME: usize = 64;
/// How many bytes of words may stand between a provider's name and the operator.
pub const GAP: usize = 40;
/// How many blanks may stand on one side of an operator.
const BLANKS: usize = 32;
/// How long a type annotation may be.
const TYPE: usize = 48;
/// How long a value may be.
pub const VALUE: usize = 512;
/// How far a neighbour that holds the value (`<value>` behind `<name>`) may stand behind the name.
const NEIGHBOUR: usize = 160;
/// How long what stands before a literal may be: a call's name, a line's indentation, an authorization scheme.
const LEAD: usize = 128;
/// How far before a name the word that sets it (`ENV`, `#define`) and the line's beginning may stand.
const COMMAND: usize = 24;
/// How far one reading looks to either side of the keyword's start.
pub const REACH: usize = NAME + 64 + GAP + TYPE + 4 * BLANKS + NEIGHBOUR + LEAD + VALUE + 64;

/// What stands between name and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`, `:=`, `+=`, `?=`.
    Equals,
    /// `:`.
    Colon,
    /// `=>`, `->`.
    Arrow,
    /// `==`, `!=`.
    Compare,
    /// The end of an XML start tag.
    Element,
    /// `value=` after a name in an XML attribute.
    Attribute,
    /// The blank after a command-line flag, or after the name in a statement that sets it.
    Flag,
    /// The comma between two quoted arguments.
    Comma,
    /// The opening parenthesis of a call.
    Call,
    /// A blank before a quoted value, as in SQL.
    Blank,
    /// `is` or a dash, as in prose; the next cell of a table.
    Is,
    /// The first item of a YAML list, or the first line of a block.
    Item,
}

/// How the value is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// Not at all: it ends at a blank or a delimiter.
    None,
    /// By this quote.
    Plain(u8),
    /// By a quote behind backslashes: inside another string.
    Escaped,
    /// By the next tag.
    Element,
}

/// A value and what it is assigned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// The identifier that holds the keyword.
    pub name: Range<usize>,
    /// What stands between.
    pub operator: Operator,
    /// How the value is delimited.
    pub quote: Quote,
    /// The value, without quotes; not empty.
    pub value: Range<usize>,
    /// The function whose first argument the value is: `k = f("v")`.
    pub callee: Option<Range<usize>>,
}

/// Reads what is assigned to the name around `keyword`. With `gap`, up to [`GAP`] bytes of words may stand between the
/// keyword and the operator, and there may be no operator at all: `Datadog API key abc`.
pub fn assigned(hay: &[u8], keyword: Range<usize>, gap: bool) -> Option<Assigned> {
    let name = name_around(hay, keyword);
    let direct = after_name(hay, &name, name.end);
    if direct.is_some() || !gap {
        return direct;
    }
    let words = hay[name.end..].iter().take(GAP);
    let length = words
        .take_while(|&&b| is_name(b) || matches!(b, b' ' | b'/' | b'(' | b')'))
        .count();
    let mut end = name.end + length;
    while end > name.end && matches!(hay[end - 1], b' ') {
        end -= 1;
    }
    let bridged = (end > name.end).then(|| after_name(hay, &name, end));
    bridged
        .flatten()
        .or_else(|| value::behind_words(hay, &name))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$')
}

fn name_around(hay: &[u8], keyword: Range<usize>) -> Range<usize> {
    let mut start = keyword.start;
    while start > 0 && keyword.start - start < NAME && is_name(hay[start - 1]) {
        // `\n` in a string is a line's end, not the letter n.
        if matches!(hay[start - 1], b'n' | b't' | b'r') && start > 1 && hay[start - 2] == b'\\' {
            break;
        }
        start -= 1;
    }
    let more = hay[keyword.end..]
        .iter()
        .take(NAME)
        .take_while(|&&b| is_name(b))
        .count();
    start..keyword.end + more
}

fn after_name(hay: &[u8], name: &Range<usize>, end: usize) -> Option<Assigned> {
    let (closed, quoted) = skip_closers(hay, end);
    let at = skip_blanks(hay, closed);
    let blank = at > closed;
    let (operator, at) = operator(hay, name, at, Before { quoted, blank })?;
    let read = value::read(hay, at, operator)?;
    Some(Assigned {
        name: name.clone(),
        operator: read.operator,
        quote: read.quote,
        value: value::without_scheme(hay, name, read.value),
        callee: read.callee,
    })
}

/// Passes over what closes a quoted or indexed name: `"`, `'`, `\"`, `]`, `)`. Says whether a quote was among it.
fn skip_closers(hay: &[u8], mut at: usize) -> (usize, bool) {
    let (limit, mut quoted) = (at + 6, false);
    while at < limit {
        match hay.get(at) {
            Some(b'"' | b'\'' | b'`') => quoted = true,
            Some(b']' | b')' | b'?' | b'*') => {}
            Some(b'\\') if matches!(hay.get(at + 1), Some(b'"' | b'\'' | b'\\')) => {}
            _ => break,
        }
        at += 1;
    }
    (at, quoted)
}

fn skip_blanks(hay: &[u8], at: usize) -> usize {
    let blanks = hay[at..]
        .iter()
        .take(BLANKS)
        .take_while(|&&b| matches!(b, b' ' | b'\t'))
        .count();
    at + blanks
}

#[derive(Clone, Copy)]
struct Before {
    quoted: bool,
    blank: bool,
}

fn operator(
    hay: &[u8],
    name: &Range<usize>,
    at: usize,
    before: Before,
) -> Option<(Operator, usize)> {
    let rest = &hay[at..];
    if (before.quoted || is_named(hay, name))
        && let Some(length) = value::neighbour(rest)
    {
        return Some((Operator::Attribute, at + length));
    }
    let op = match rest {
        [b'=', b'=', b'=', ..] | [b'!', b'=', b'=', ..] => (Operator::Compare, 3),
        [b'=', b'=', ..] | [b'!', b'=', ..] => (Operator::Compare, 2),
        [b'=', b'>', ..] | [b'-', b'>', ..] => (Operator::Arrow, 2),
        [b'=', ..] => (Operator::Equals, 1),
        [b':' | b'+' | b'?' | b'.', b'=', ..] => (Operator::Equals, 2),
        [b'|', b'|', b'=', ..] | [b'?', b'?', b'=', ..] | [b':', b':', b'=', ..] => {
            (Operator::Equals, 3)
        }
        [b':', b':', ..] => return None,
        [b':', ..] => match annotated(rest) {
            Some(length) => (Operator::Equals, length),
            None => (Operator::Colon, 1),
        },
        // What stands in for a variable that is not set.
        [b'|', b'|', b' ', b'"' | b'\'' | b'`', ..]
        | [b'?', b'?', b' ', b'"' | b'\'' | b'`', ..] => (Operator::Equals, 3),
        [b'o', b'r', b' ', b'"' | b'\'', ..] if before.quoted => (Operator::Equals, 3),
        [b'{', b' ', b'"' | b'\'', ..] if before.quoted => (Operator::Equals, 2),
        // `find("#password").type("v")`: what is typed into a field of that name.
        [b'.', ..] if before.quoted => (Operator::Call, typed(rest)?),
        [b',', ..] if before.quoted || is_symbol_set(hay, name) => (Operator::Comma, 1),
        [b'(', inner @ ..] if !before.quoted => (Operator::Call, 1 + value::decoder(inner)),
        [b'>', ..] if !before.blank => (Operator::Element, 1),
        [b'%', b'3', b'd' | b'D', ..] => (Operator::Equals, 3),
        [b'<', b'/', ..] => (Operator::Element, value::next_element(rest)?),
        _ if before.blank && name.start > 0 && hay[name.start - 1] == b'<' => {
            (Operator::Element, value::end_of_tag(rest)?)
        }
        _ if before.quoted && before.blank && is_value_attribute(rest) => (Operator::Attribute, 6),
        [b'"' | b'\'', ..] if before.blank => (Operator::Blank, 0),
        // `Token - x`, with a hyphen or a dash.
        [b'-', b' ', ..] if before.blank => (Operator::Is, 2),
        [0xE2, 0x80, 0x93 | 0x94, b' ', ..] if before.blank => (Operator::Is, 4),
        [b'|', ..] => (Operator::Is, value::cell(rest)?),
        [b'i', b's', b':' | b' ', _, ..] if before.blank => (Operator::Is, 3),
        [b'A' | b'a', b's' | b'S', b' ', ..] if before.blank => (Operator::Equals, declared(rest)?),
        _ if before.blank && hay[name.start] == b'-' => (Operator::Flag, 0),
        _ if before.blank && is_set(hay, name, rest) => (Operator::Flag, 0),
        _ => return None,
    };
    Some((op.0, at + op.1))
}

/// Calls that type into a field.
const CALLS: [&[u8]; 6] = [
    b".type(",
    b".fill(",
    b".send_keys(",
    b".sendKeys(",
    b".setValue(",
    b".val(",
];

/// A call that types into a field: the length up to and with its parenthesis.
fn typed(rest: &[u8]) -> Option<usize> {
    let call = CALLS.iter().find(|call| rest.starts_with(call));
    call.map(|call| call.len())
}

/// ` As Type = ` of Basic: the length up to and with the sign.
fn declared(rest: &[u8]) -> Option<usize> {
    let kind = rest[3..].iter().take(TYPE).take_while(|&&b| is_name(b));
    let end = 3 + kind.count();
    (end > 3 && rest[end..].starts_with(b" = ")).then_some(end + 2)
}

/// Whether the name is itself the value of something, as in `name: DB_PASSWORD`.
fn is_named(hay: &[u8], name: &Range<usize>) -> bool {
    let before = &hay[name.start.saturating_sub(8)..name.start];
    let before = before.iter().rev().find(|b| !matches!(b, b' ' | b'\t'));
    before.is_some_and(|b| matches!(b, b':' | b'='))
}

/// `: Type =`: the length up to and with the sign, if that is what stands here.
fn annotated(rest: &[u8]) -> Option<usize> {
    let body = &rest[1..rest.len().min(TYPE)];
    let sign = body.iter().position(|&b| b == b'=')?;
    let kind = &body[..sign];
    let is_type = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(
                b,
                b'_' | b'<' | b'>' | b'[' | b']' | b'&' | b'|' | b'.' | b'?' | b' ' | b'*' | b'\''
            )
    };
    let spaced = kind.last() == Some(&b' ') && kind.iter().any(u8::is_ascii_alphabetic);
    let single = body
        .get(sign + 1)
        .is_some_and(|b| !matches!(b, b'=' | b'>'));
    (spaced && single && kind.iter().all(is_type)).then_some(sign + 2)
}

fn is_value_attribute(rest: &[u8]) -> bool {
    rest.len() > 6 && rest[..5].eq_ignore_ascii_case(b"value") && rest[5] == b'='
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, word: &str, gap: bool) -> Option<(String, String, Operator)> {
        let at = text.find(word).expect("the keyword stands in the case");
        let found = assigned(text.as_bytes(), at..at + word.len(), gap)?;
        let cut = |r: Range<usize>| text[r].to_owned();
        Some((cut(found.name), cut(found.value), found.operator))
    }

    #[test]
    fn reads_every_syntax() {
        use Operator::*;
        let cases = [
            ("password = hunter2", "password", "hunter2", Equals),
            ("DB_PASSWORD=hunter2\n", "DB_PASSWORD", "hunter2", Equals),
            (
                "\"db-password\": \"hunter 2\",",
                "db-password",
                "hunter 2",
                Colon,
            ),
            (
                "{\\\"password\\\":\\\"hunter2\\\"}",
                "password",
                "hunter2",
                Colon,
            ),
            (
                "config['password'] = 'hunter2'",
                "password",
                "hunter2",
                Equals,
            ),
            (":password => 'hunter2'", "password", "hunter2", Arrow),
            (
                "let password: &str = \"hunter2\";",
                "password",
                "hunter2",
                Equals,
            ),
            ("password := `hunter2`", "password", "hunter2", Equals),
            (
                "<password>hunter2</password>",
                "password",
                "hunter2",
                Element,
            ),
            (
                "<add key=\"password\" value=\"hunter2\"/>",
                "password",
                "hunter2",
                Attribute,
            ),
            ("cmd --password hunter2 x", "--password", "hunter2", Flag),
            (
                "x.setPassword(\"hunter2\")",
                "x.setPassword",
                "hunter2",
                Call,
            ),
            (
                "put(\"password\", \"hunter2\")",
                "password",
                "hunter2",
                Comma,
            ),
            (
                "echo a\\npassword=hunter2\\nb",
                "password",
                "hunter2",
                Equals,
            ),
            ("PASSWORD 'hunter2'", "PASSWORD", "hunter2", Blank),
            (
                "if password == \"hunter2\":",
                "password",
                "hunter2",
                Compare,
            ),
            ("password: 'it\\'s me'", "password", "it\\'s me", Colon),
            ("password = b\"hunter2\"", "password", "hunter2", Equals),
            (
                "{user: me, password: hunter2}",
                "password",
                "hunter2",
                Colon,
            ),
            (
                "<name>password</name>\n  <value>hunter2</value>",
                "password",
                "hunter2",
                Element,
            ),
            (
                "<password type=\"plain\">hunter2</password>",
                "password",
                "hunter2",
                Element,
            ),
            (
                "- name: DB_PASSWORD\n  value: hunter2\n",
                "DB_PASSWORD",
                "hunter2",
                Attribute,
            ),
            (
                "{\"name\": \"password\", \"value\": \"hunter2\"}",
                "password",
                "hunter2",
                Attribute,
            ),
            (
                "variable \"password\" {\n  default = \"hunter2\"",
                "password",
                "hunter2",
                Attribute,
            ),
            (
                "the password is hunter2hunter2hunter2",
                "password",
                "hunter2hunter2hunter2",
                Is,
            ),
            ("set :password, \"hunter2\"", "password", "hunter2", Comma),
            (
                "Dim password As String = \"hunter2\"",
                "password",
                "hunter2",
                Equals,
            ),
            (
                "corp.net main password hunter2hunter2hunter2\n",
                "password",
                "hunter2hunter2hunter2",
                Flag,
            ),
            ("the password is \"hunter2\"", "password", "hunter2", Is),
            ("Password - 'hunter2'", "Password", "hunter2", Is),
            (
                "password \u{2013} hunter2hunter2hunter2\n",
                "password",
                "hunter2hunter2hunter2",
                Is,
            ),
            (
                "| password | `hunter2hunter2hunter2` |",
                "password",
                "hunter2hunter2hunter2",
                Is,
            ),
            (
                "password |hunter2hunter2hunter2\n",
                "password",
                "hunter2hunter2hunter2",
                Is,
            ),
            ("password:\n  - hunter2\n", "password", "hunter2", Item),
            ("password: |\n  hunter2\n", "password", "hunter2", Item),
            (
                "x.setPassword(Base64.decode(\"hunter2\"))",
                "x.setPassword",
                "hunter2",
                Call,
            ),
            (
                "password = create(new Key(\"hunter2\"))",
                "password",
                "hunter2",
                Equals,
            ),
            ("$password .= \"hunter2\"", "$password", "hunter2", Equals),
            (
                "<password>{AQAA hunter2hunter2hunter2}</password>",
                "password",
                "hunter2hunter2hunter2",
                Element,
            ),
            ("ENV DB_PASSWORD hunter2\n", "DB_PASSWORD", "hunter2", Flag),
            (
                "x\n#define MY_PASSWORD hunter2",
                "MY_PASSWORD",
                "hunter2",
                Flag,
            ),
            (
                "host h\r\npassword hunter2\r\n",
                "password",
                "hunter2",
                Flag,
            ),
            (
                "env.PASSWORD || 'hunter2'",
                "env.PASSWORD",
                "hunter2",
                Equals,
            ),
            (
                "cy.get('#password').type('hunter2')",
                "password",
                "hunter2",
                Call,
            ),
            (
                "ENV.fetch('PASSWORD') { 'hunter2' }",
                "PASSWORD",
                "hunter2",
                Equals,
            ),
        ];
        for (text, name, value, operator) in cases {
            let word = ["password", "Password", "PASSWORD"]
                .into_iter()
                .find(|w| text.contains(w))
                .unwrap();
            let want = Some((name.to_owned(), value.to_owned(), operator));
            assert_eq!(read(text, word, false), want, "{text}");
        }
    }

    #[test]
    fn passes_over_authorization_schemes() {
        for text in [
            "Authorization: Token hunter2",
            "\"Authorization\": \"Token hunter2\"",
            "Authorization: hunter2",
        ] {
            let found = read(text, "Authorization", false).expect("it is assigned");
            assert_eq!(found.1, "hunter2", "{text}");
        }
    }

    #[test]
    fn leaves_the_rest() {
        for text in [
            "the password is long",
            "a line\nof password hunter2\n",
            "\npassword hunter2 and more\n",
            "corp password hunter2\n",
            "this is no password hunter2hunter2hunter2\n",
            "the password is hunter2",
            "the password - hunter2",
            "type T = 'password' | 'hunter2'",
            "echo $password | sha256sum",
            "Dim password As String\n",
            "find :password, \"hunter2\"",
            "password",
            "password = \"\"",
            "password(x)",
            "password::new()",
            "password:\n",
        ] {
            assert_eq!(read(text, "password", false), None, "{text}");
        }
    }

    #[test]
    fn bridges_words_to_the_operator() {
        let want = |v: &str| Some(("Datadog".to_owned(), v.to_owned(), Operator::Colon));
        assert_eq!(read("Datadog API key: abc", "Datadog", true), want("abc"));
        assert_eq!(read("Datadog API key: abc", "Datadog", false), None);
        let blank = |v: &str| Some(("Datadog".to_owned(), v.to_owned(), Operator::Blank));
        let long = "a1".repeat(10);
        assert_eq!(
            read(&format!("a Datadog key {long}."), "Datadog", true),
            blank(&long)
        );
        assert_eq!(
            read(&format!("a Datadog key `{long}`"), "Datadog", true),
            blank(&long)
        );
        assert_eq!(read("Datadog is a service", "Datadog", true), None);
        assert_eq!(read("a Datadog key abc1", "Datadog", true), None);
    }
}
