//! Values that name something: a secret kept elsewhere, an action, a package, or what a password is not needed for.

use super::code::{identifier, is_type};
use super::name::Name;
use super::vocabulary::{Class, among_any_case, is_word_for_secret};
use super::words::{split, word_like};
use super::{CONTEXT, Case};
use crate::engine::assignment::{Assigned, Operator, Quote};

/// What shows that a value names something and is no secret itself.
pub fn about(case: &Case<'_>, assigned: &Assigned, name: &Name) -> Option<&'static str> {
    let value = case.secret();
    let text = &case.hay[assigned.name.clone()];
    if is_action(text) && identifier(value) {
        return Some("what an action is, or when it is done");
    }
    if is_package(value) {
        return Some("a package");
    }
    if value.strip_suffix(b"()").is_some_and(identifier) {
        return Some("a function");
    }
    if is_source(value) {
        return Some("where a secret is read from");
    }
    if name.last[0] != Class::Password && is_pair(value) {
        return Some("an assignment of its own");
    }
    if is_parameter(case, assigned, value) {
        return Some("the name of a parameter");
    }
    if is_other_half(value) {
        return Some(
            "what the provider calls public, or not of the length that its prefix asks for",
        );
    }
    if is_rules(value) {
        return Some("rules for a value");
    }
    if is_somebodys(value) {
        return Some("words that stand for a secret");
    }
    let quoted = matches!(assigned.quote, Quote::Plain(_));
    let typed = matches!(assigned.operator, Operator::Arrow | Operator::Compare);
    if quoted && typed && is_type(value) {
        return Some("a type");
    }
    if let Some(why) = named(case, assigned, name, value) {
        return Some(why);
    }
    if words_and_numbers(name, value) {
        return Some("words and numbers");
    }
    if holds_hash(value) {
        return Some("a password's hash");
    }
    let before = &case.hay[assigned.name.start.saturating_sub(CONTEXT)..assigned.name.start];
    let anonymous = |text: &[u8]| memchr::memmem::find(text, b"anonymous").is_some();
    if value.contains(&b'@') && (anonymous(before) || anonymous(value)) {
        return Some("the password of an anonymous login");
    }
    said_encrypted(before).then_some("said to be encrypted")
}

/// `update_password`, `showToken`: what is done with a secret, and not the secret.
fn is_action(name: &[u8]) -> bool {
    const VERBS: [&str; 22] = [
        "update", "reset", "change", "forgot", "show", "hide", "toggle", "validate", "check",
        "ask", "prompt", "remember", "send", "require", "generate", "create", "save", "allow",
        "enable", "disable", "use", "need",
    ];
    let own = name.rsplit(|&b| b == b'.').next().unwrap_or_default();
    let mut words = 0;
    let mut action = false;
    split(own, |word| {
        if words == 0 {
            action = among_any_case(&VERBS, word);
        }
        words += 1;
    });
    action && words > 1
}

/// Whether a value says by its prefix that it is public, or a token that is always of another length.
fn is_other_half(value: &[u8]) -> bool {
    const PUBLIC: [&[u8]; 2] = [b"pk_live_", b"pk_test_"];
    const LENGTHS: [(&[u8], usize); 5] = [
        (b"ghp_", 40),
        (b"npm_", 40),
        (b"AKIA", 20),
        (b"ASIA", 20),
        (b"AIza", 39),
    ];
    let of = |prefix: &[u8]| {
        let body = value.strip_prefix(prefix);
        body.is_some_and(|body| body.iter().all(u8::is_ascii_alphanumeric))
    };
    PUBLIC.iter().any(|prefix| value.starts_with(prefix))
        || LENGTHS
            .iter()
            .any(|(prefix, length)| value.len() < *length && of(prefix))
}

/// `required|min:8`: what frameworks check a field for.
fn is_rules(value: &[u8]) -> bool {
    const RULES: [&[u8]; 9] = [
        b"required",
        b"nullable",
        b"sometimes",
        b"string",
        b"min",
        b"max",
        b"confirmed",
        b"between",
        b"same",
    ];
    let mut parts = value.split(|&b| b == b'|');
    let rule = |part: &[u8]| RULES.contains(&part.split(|&b| b == b':').next().unwrap_or_default());
    let rules = |b: &u8| b.is_ascii_lowercase() || matches!(b, b'|' | b':' | b'_');
    value.contains(&b'|') && (value.iter().all(rules) || parts.any(rule))
}

/// `my-password`, `YourToken`: a word for a secret, and whose it is.
fn is_somebodys(value: &[u8]) -> bool {
    const OWNERS: [&[u8]; 3] = [b"my", b"your", b"our"];
    OWNERS.iter().any(|owner| {
        let owned = value.len() > owner.len() && value[..owner.len()].eq_ignore_ascii_case(owner);
        let rest = value.get(owner.len()..).unwrap_or_default();
        // `YourAdminPass`: a word for a secret at the end.
        if owned && rest[0].is_ascii_uppercase() && ends_with_secret(rest) && identifier(rest) {
            return true;
        }
        let rest = rest
            .strip_prefix(b"-")
            .or(rest.strip_prefix(b"_"))
            .unwrap_or(rest);
        owned && is_word_for_secret(rest)
    })
}

/// `npm:^4.0.0`, `workspace:*`: how lock files and manifests name packages.
fn is_package(value: &[u8]) -> bool {
    const SCHEMES: [&[u8]; 8] = [
        b"npm:",
        b"workspace:",
        b"link:",
        b"portal:",
        b"patch:",
        b"catalog:",
        b"github:",
        b"git+",
    ];
    SCHEMES.iter().any(|scheme| value.starts_with(scheme))
}

/// The name of a secret that stands elsewhere: an item of a list of them, one of several names, an option's name.
fn named(case: &Case<'_>, assigned: &Assigned, name: &Name, value: &[u8]) -> Option<&'static str> {
    if !identifier(value) {
        return None;
    }
    if assigned.operator == Operator::Item && name.last[0] != Class::Password {
        return Some("the name of a secret");
    }
    let hay = case.hay;
    let start = case.secret.start - usize::from(assigned.quote != Quote::None);
    let listed = matches!(hay[..start].last(), Some(b'(' | b'[' | b'{'))
        && hay.get(case.secret.end + 1) == Some(&b',');
    if listed && value.contains(&b'_') && ends_with_secret(value) {
        return Some("the name of a secret");
    }
    let text = &hay[assigned.name.clone()];
    let constant = !text.iter().any(u8::is_ascii_lowercase)
        && !matches!(hay[..assigned.name.start].last(), Some(b'"' | b'\''));
    (constant && assigned.operator == Operator::Arrow && value.contains(&b'_'))
        .then_some("the name of an option")
}

/// `env:DEPLOY_PW`: what OpenSSL and others read a passphrase from; and `1*token-char`, what a grammar says of one.
fn is_source(value: &[u8]) -> bool {
    const SOURCES: [&[u8]; 3] = [b"env:", b"fd:", b"1*"];
    SOURCES.iter().any(|source| {
        value.strip_prefix(*source).is_some_and(|rest| {
            !rest.is_empty()
                && rest
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(b))
        })
    })
}

/// `j2eeType=Servlet`: a name and a word.
fn is_pair(value: &[u8]) -> bool {
    let mut sides = value.split(|&b| b == b'=');
    let (Some(left), Some(right), None) = (sides.next(), sides.next(), sides.next()) else {
        return false;
    };
    let side = |side: &[u8]| {
        side.len() > 1
            && side
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || b"_.".contains(b))
    };
    side(left) && side(right) && word_like(value) * 2 > value.len()
}

/// `"password": "controller_password"`: under the last word of its own name.
fn is_parameter(case: &Case<'_>, assigned: &Assigned, value: &[u8]) -> bool {
    let name = &case.hay[assigned.name.clone()];
    let quoted = matches!(assigned.quote, Quote::Plain(_)) && assigned.operator == Operator::Colon;
    let before = value
        .strip_suffix(name)
        .and_then(|rest| rest.strip_suffix(b"_"));
    quoted
        && name.iter().all(u8::is_ascii_lowercase)
        && before.is_some_and(|before| {
            before.len() > 3 && identifier(before) && word_like(before) * 2 > before.len()
        })
}

/// Whether the last word of `value` is one for a secret: `ansible_ssh_pass`.
fn ends_with_secret(value: &[u8]) -> bool {
    let mut ends = false;
    split(value, |word| {
        ends = is_word_for_secret(word) || word.eq_ignore_ascii_case(b"key")
    });
    ends
}

/// `SSL_CLIENT_S_DN_Email`, `_sf2_attributes`: parts that are words, numbers or a few characters, where a key or token
/// would stand.
fn words_and_numbers(name: &Name, value: &[u8]) -> bool {
    if matches!(name.strongest, Class::Password | Class::Secret) {
        return false;
    }
    // `IISExpress_Module_V2,x86`: two parts may be a secret key's, more of them are names.
    let least = if name.strongest == Class::Key { 2 } else { 4 };
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let word = |part: &[u8]| {
        part.len() >= 4
            && part.iter().all(u8::is_ascii_alphabetic)
            && word_like(part) * 10 >= part.len() * 6
    };
    let parts = || value.split(|b| matches!(b, b'_' | b'-' | b'.' | b','));
    let longest = parts().map(<[u8]>::len).max().unwrap_or(0);
    parts().count() >= least
        && longest < 16
        && parts().any(word)
        && parts().all(|part| part.len() <= 3 || digits(part) || word(part))
}

/// Whether a password's hash in the form of crypt(3) stands in `value`, behind a user or with its dollar signs doubled.
fn holds_hash(value: &[u8]) -> bool {
    const KINDS: [&[u8]; 6] = [b"apr1$", b"2y$", b"2a$", b"2b$", b"6$", b"5$"];
    memchr::memchr_iter(b'$', value).any(|at| {
        let behind = &value[at + 1..];
        let kind = KINDS.iter().find(|kind| behind.starts_with(kind));
        kind.is_some_and(|kind| behind.len() >= kind.len() + 20)
    })
}

/// Whether the comment in the line before, or before the name in its own, says that what follows is encrypted.
fn said_encrypted(before: &[u8]) -> bool {
    let own = memchr::memrchr(b'\n', before).map_or(0, |at| at);
    let line = &before[memchr::memrchr(b'\n', &before[..own]).map_or(0, |at| at + 1)..own];
    let text = line.trim_ascii_start();
    if !(text.starts_with(b"#") || text.starts_with(b"//")) {
        return false;
    }
    let mut says = false;
    let mut negated = false;
    split(text, |word| {
        let is = |known: &[u8]| word.eq_ignore_ascii_case(known);
        negated |= is(b"not") || is(b"be") || is(b"if");
        says |= is(b"encrypted");
    });
    says && !negated
}

/// Whether a UUID is of version 4, whose 122 bits are random; the others are made of times, names and addresses.
pub fn is_random_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value[14] == b'4'
        && matches!(value[19], b'8' | b'9' | b'a' | b'b' | b'A' | b'B')
}

/// Whether a name calls for a token or key and says whose or what for, so that a random UUID may be meant: `jenkinsToken`,
/// `api_key`.
pub fn may_be_uuid(name: &[u8]) -> bool {
    /// What is not kept secret although it is called a token or key.
    const SHARED: [&str; 12] = [
        "request",
        "device",
        "push",
        "tracking",
        "correlation",
        "trace",
        "cancel",
        "cancellation",
        "session",
        "account",
        "client",
        "invite",
    ];
    let read = Name::of(name);
    let mut shared = false;
    split(name, |word| shared |= among_any_case(&SHARED, word));
    let kind = match read.last[0] {
        Class::SecretKey => true,
        Class::Token => read.words > 1,
        _ => false,
    };
    kind && !shared && read.rules_out().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_actions_from_secrets() {
        for (name, want) in [
            ("self.update_password", true),
            ("showToken", true),
            ("update", false),
            ("db_password", false),
            ("create.password", false),
        ] {
            assert_eq!(is_action(name.as_bytes()), want, "{name}");
        }
    }

    #[test]
    fn knows_words_that_stand_for_a_secret() {
        for (value, want) in [
            ("my-password", true),
            ("YourToken", true),
            ("YourAdminPass", true),
            ("YourAdminX9", false),
            ("mypass", true),
            ("mypassword7", false),
            ("mysecretive", false),
            ("my", false),
        ] {
            assert_eq!(is_somebodys(value.as_bytes()), want, "{value}");
        }
    }

    #[test]
    fn knows_rules_and_public_halves() {
        assert!(is_rules(b"required|min:8"));
        assert!(!is_rules(b"x9Kq|2LmZ7p"));
        let body = |length: usize| "x9Kq2LmZ7pTw4VbN".repeat(4)[..length].to_owned();
        for (value, want) in [
            ("pk_live_".to_owned() + &body(24), true),
            ("ghp_".to_owned() + &body(30), true),
            ("ghp_".to_owned() + &body(36), false),
            ("ghp_".to_owned() + &body(50), false),
            (body(36), false),
        ] {
            assert_eq!(is_other_half(value.as_bytes()), want, "{value}");
        }
    }

    #[test]
    fn knows_hashes_behind_a_user() {
        let body = "x9Kq2LmZ7pTw4VbNx9Kq2L";
        for (text, want) in [
            (format!("me:$apr1$ab12cd34${body}"), true),
            (format!("me:$$apr1$$ab12cd34$${body}"), true),
            (format!("$6$ab12cd34${body}"), true),
            ("pa$6$word".to_owned(), false),
            (format!("pa$word{body}"), false),
        ] {
            assert_eq!(holds_hash(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn reads_what_a_comment_says_of_the_next_line() {
        for (before, want) in [
            ("# This one is encrypted\n", true),
            ("// encrypted with the team's key\n  ", true),
            ("# stored unencrypted\n", false),
            ("# is not encrypted\n", false),
            ("# to be encrypted later\n", false),
            ("# encrypted\nx = 1\n", false),
            ("encrypted\n", false),
        ] {
            assert_eq!(said_encrypted(before.as_bytes()), want, "{before}");
        }
    }

    #[test]
    fn knows_random_uuids_and_the_names_that_call_for_one() {
        let uuid = |version: char, variant: char| {
            format!("1b4e28ba-2fa1-{version}1d2-{variant}83f-0016d3cca427")
        };
        assert!(is_random_uuid(uuid('4', 'a').as_bytes()));
        assert!(!is_random_uuid(uuid('1', 'a').as_bytes()));
        assert!(!is_random_uuid(uuid('4', 'c').as_bytes()));
        for (name, want) in [
            ("api_key", true),
            ("jenkinsToken", true),
            ("token", false),
            ("key", false),
            ("api_key_id", false),
            ("requestToken", false),
            ("nextToken", false),
            ("sessionKey", false),
        ] {
            assert_eq!(may_be_uuid(name.as_bytes()), want, "{name}");
        }
    }
}
