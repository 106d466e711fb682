//! Texts that a program shows to people, and names of algorithms: what stands where a secret could and never is one.

use super::name::Name;
use super::vocabulary::{Class, among, among_any_case};
use super::words::{humps, word_like};
use super::{CONTEXT, Case};
use crate::engine::assignment::{Assigned, Operator, Quote};

/// What shows that a value is a text for people, or names something that everybody may know.
pub fn label(case: &Case<'_>, assigned: &Assigned, name: &Name) -> Option<&'static str> {
    let value = case.secret();
    if is_algorithm(value) {
        return Some("the name of an algorithm");
    }
    if is_shown_element(case, assigned) || is_message(case, assigned) {
        return Some("a text that is shown");
    }
    // `Authorization=Autorizzazione`
    let titled = value[0].is_ascii_uppercase() && value[1..].iter().all(u8::is_ascii_lowercase);
    if titled && name.last[0] != Class::Password {
        return Some("a word");
    }
    // `token: "delimiter.html"`
    let letter = |b: &u8| b.is_ascii_alphabetic() || *b == b'-';
    let dotted = |part: &[u8]| part.len() > 1 && part.iter().all(letter);
    let scope = value.contains(&b'.') && value.split(|&b| b == b'.').all(dotted);
    if scope && name.last[0] != Class::Password && word_like(value) * 2 > value.len() {
        return Some("names with dots");
    }
    // `auth == "IndividualB2C"`
    let bare = name.words == 1 && name.strongest == Class::Credential;
    let alphanumeric = value.iter().all(u8::is_ascii_alphanumeric);
    if bare && alphanumeric && humps(value) && word_like(value) * 2 > value.len() {
        return Some("what kind of authentication it is");
    }
    (assigned.operator == Operator::Call && ends_prompt(value)).then_some("a prompt")
}

/// `ecdh-sha2-nistp256`, `ssh-ed25519-cert-v01@openssh.com`: parts that stand for algorithms, at least two of them.
fn is_algorithm(value: &[u8]) -> bool {
    const PARTS: [&str; 44] = [
        "aes",
        "and",
        "argon2",
        "argon2id",
        "bcrypt",
        "cbc",
        "cert",
        "chacha20",
        "com",
        "ctr",
        "curve25519",
        "curve448",
        "dh",
        "diffie",
        "dsa",
        "dss",
        "ecdh",
        "ecdsa",
        "ed25519",
        "ed448",
        "encrypt",
        "etm",
        "exchange",
        "gcm",
        "group",
        "hellman",
        "hmac",
        "libssh",
        "md5",
        "nistp",
        "openssh",
        "org",
        "pbkdf2",
        "pkcs1",
        "poly1305",
        "rsa",
        "sha",
        "sha1",
        "sha2",
        "sk",
        "ssh",
        "umac",
        "v01",
        "with",
    ];
    let mut parts = 0;
    let known = value.split(|b| b"-_@.+/".contains(b)).all(|part| {
        parts += 1;
        let size = part.iter().rev().take_while(|b| b.is_ascii_digit());
        let stem = &part[..part.len() - size.count()];
        among_any_case(&PARTS, part) || among_any_case(&PARTS, stem) || stem.is_empty()
    });
    known && parts > 1 && value.iter().any(u8::is_ascii_alphabetic)
}

/// The text of an element that is there to be read, named by an attribute: `<string name="show_password">Zeigen`.
fn is_shown_element(case: &Case<'_>, assigned: &Assigned) -> bool {
    const SHOWN: [&str; 18] = [
        "a", "b", "button", "caption", "dt", "em", "h1", "h2", "h3", "h4", "label", "legend", "li",
        "option", "string", "strong", "summary", "text",
    ];
    let (hay, name) = (case.hay, assigned.name.start);
    if assigned.operator != Operator::Element || case.secret().iter().any(u8::is_ascii_digit) {
        return false;
    }
    let before = &hay[name.saturating_sub(CONTEXT)..name];
    let Some(at) = memchr::memrchr2(b'<', b'>', before).filter(|at| before[*at] == b'<') else {
        return false;
    };
    let tag = before[at + 1..]
        .split(|b| !b.is_ascii_alphanumeric())
        .next();
    tag.is_some_and(|tag| tag.len() < before.len() - at - 1 && among(&SHOWN, tag))
}

/// A line of a file of messages, `settings.changePassword=Nouveau mot`: a value of letters that goes on in other words, or
/// in an escape, behind a name that no shell and no environment has.
fn is_message(case: &Case<'_>, assigned: &Assigned) -> bool {
    let (hay, name) = (case.hay, &assigned.name);
    // `Confirm\ password=`
    if hay[..name.start].ends_with(b"\\ ") || is_of_texts(&hay[..name.start]) {
        return true;
    }
    let tight = assigned.operator == Operator::Equals
        && assigned.quote == Quote::None
        && hay.get(name.end) == Some(&b'=')
        && case.secret.start == name.end + 1;
    let starts = name.start == 0 || hay[name.start - 1] == b'\n';
    let letters = |b: &u8| b.is_ascii_alphabetic() || !b.is_ascii();
    if !tight || !starts || !case.secret().iter().all(letters) {
        return false;
    }
    let behind = &hay[case.secret.end..];
    let words = match behind {
        [b' ', next, ..] => letters(next),
        [b'\\', b'u', digits @ ..] => {
            digits.len() >= 4 && digits[..4].iter().all(u8::is_ascii_hexdigit)
        }
        [b'\\', b' ', ..] => true,
        _ => false,
    };
    let text = &hay[name.clone()];
    words && (text.contains(&b'.') || text.contains(&b'-') || humps(text))
}

/// `$labels['`: whether a name is the key of an array that is called after the texts in it.
fn is_of_texts(before: &[u8]) -> bool {
    const ARRAYS: [&str; 14] = [
        "labels",
        "label",
        "messages",
        "message",
        "msg",
        "lang",
        "language",
        "texts",
        "text",
        "strings",
        "translations",
        "phrases",
        "i18n",
        "locale",
    ];
    let open = before
        .strip_suffix(b"['")
        .or_else(|| before.strip_suffix(b"[\""));
    let Some(array) = open else { return false };
    let start = array.iter().rposition(|b| !b.is_ascii_alphanumeric());
    among(&ARRAYS, &array[start.map_or(0, |at| at + 1)..])
}

/// Whether a text ends as one does behind which something is to be typed.
fn ends_prompt(value: &[u8]) -> bool {
    [b": ".as_slice(), b"> ", b"? "]
        .iter()
        .any(|end| value.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::assignment::assigned;

    #[test]
    fn knows_algorithms() {
        for (value, want) in [
            ("ecdh-sha2-nistp256", true),
            ("ssh-ed25519-cert-v01@openssh.com", true),
            ("diffie-hellman-group14-sha256", true),
            ("rsa-sha2-512", true),
            ("AES_256_GCM", true),
            ("aes", false),
            ("20240101-128", false),
            ("ssh-x9Kq2LmZ", false),
            ("rsa-hunter2", false),
        ] {
            assert_eq!(is_algorithm(value.as_bytes()), want, "{value}");
        }
    }

    #[test]
    fn knows_texts_for_people() {
        for (text, want) in [
            ("Confirm\\ password=Gentag adgangskode\n", true),
            ("error.badPassword=Erreur lors du chargement\n", true),
            ("hasFreshToken=Nouveau type\n", true),
            ("login.password=contrase\\u00f1a\n", true),
            (
                "<string name=\"show_password\">Zobrazit heslo</string>",
                true,
            ),
            ("<label for=\"token\">Zugang</label>", true),
            ("Authorization=Autorizzazione\n", true),
            ("token: Zaczynamy\n", true),
            ("auth == \"IndividualB2C\"", true),
            ("read_passphrase(\"ssh> \")", true),
            ("{token:\"delimiter.html\"}", true),
            ("{token:\"x9Kq.LmZpTw\"}", false),
            ("$labels['password'] = 'Nova zaporka:'", true),
            ("$config['password'] = 'Nova zaporka:'", false),
            ("PASSWORD=hunter run\n", false),
            ("db_password=hunter run\n", false),
            ("app.password=xkqzvbhunter2 run\n", false),
            ("<string name=\"api_token\">x9Kq2LmZ7pTw</string>", false),
            ("<password>correcthorse</password>", false),
            ("password: Zaczynamy\n", false),
        ] {
            let lower = text.to_ascii_lowercase();
            let word = ["password", "passphrase", "token", "auth"]
                .into_iter()
                .find(|word| lower.contains(word))
                .expect("one of them stands in the case");
            let at = lower.find(word).expect("it does");
            let read = assigned(text.as_bytes(), at..at + word.len(), false).expect("it is read");
            let case = Case {
                hay: text.as_bytes(),
                span: read.name.start..read.value.end,
                secret: read.value.clone(),
                assigned: Some(&read),
            };
            let name = Name::of(&text.as_bytes()[read.name.clone()]);
            let found = label(&case, &read, &name);
            assert_eq!(found.is_some(), want, "{text}: {found:?}");
        }
    }
}
