//! Hand-chosen words that names are made of, by what they say.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a word of a name speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Class {
    /// Something else.
    #[default]
    Other,
    /// A password: chosen by a person, may be short and word-like.
    Password,
    /// A secret.
    Secret,
    /// A token.
    Token,
    /// A key, of whatever kind.
    Key,
    /// A key that a word of the name makes a secret one: `api_key`.
    SecretKey,
    /// Credentials, authentication.
    Credential,
    /// Who or what: an identifier, a name, a kind.
    Identity,
    /// Where: a file, an address.
    Place,
    /// A digest or what belongs to one.
    Digest,
    /// Words for people, or a rule about values.
    Text,
    /// How much, how long, whether.
    Number,
    /// The public half of something.
    Public,
    /// What makes a key a secret one.
    Qualifier,
    /// A test's, an example's.
    Test,
}

const PASSWORDS: [&str; 20] = [
    "password",
    "passwd",
    "passwort",
    "passphrase",
    "passcode",
    "passwrd",
    "pasword",
    "pwd",
    "psw",
    "pass",
    "passw",
    "pword",
    "passkey",
    "pw",
    "userpwd",
    "dbpwd",
    "rootpw",
    "bindpw",
    "psk",
    "authtok",
];
const SECRETS: [&str; 5] = ["secret", "secrets", "secrete", "clientsecret", "appsecret"];
const TOKENS: [&str; 6] = ["token", "tokens", "jwt", "pat", "bearer", "ticket"];
const SECRET_KEYS: [&str; 22] = [
    "apikey",
    "apikeys",
    "secretkey",
    "accesskey",
    "privatekey",
    "privkey",
    "authkey",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "accountkey",
    "storagekey",
    "sharedkey",
    "consumerkey",
    "appkey",
    "skey",
    "secretaccesskey",
    "apitoken",
    "subscriptionkey",
    "licensekey",
    "adminkey",
    "webhookkey",
];
const CREDENTIALS: [&str; 9] = [
    "credential",
    "credentials",
    "cred",
    "creds",
    "auth",
    "oauth",
    "authorization",
    "authcode",
    "authentication",
];
const QUALIFIERS: [&str; 29] = [
    "api",
    "access",
    "secret",
    "private",
    "priv",
    "auth",
    "encryption",
    "encrypt",
    "crypt",
    "crypto",
    "aes",
    "hmac",
    "signing",
    "sign",
    "master",
    "account",
    "storage",
    "shared",
    "session",
    "consumer",
    "application",
    "app",
    "subscription",
    "service",
    "admin",
    "license",
    "client",
    "jwt",
    "security",
];
const IDENTITIES: [&str; 31] = [
    "id",
    "ids",
    "uuid",
    "guid",
    "name",
    "names",
    "username",
    "user",
    "type",
    "types",
    "kind",
    "class",
    "store",
    "manager",
    "provider",
    "service",
    "account",
    "role",
    "email",
    "owner",
    "alias",
    "vendor",
    "model",
    "resource",
    "ref",
    "arn",
    "version",
    "algorithm",
    "alg",
    "scope",
    "identifier",
];
const PLACES: [&str; 25] = [
    "file",
    "filename",
    "files",
    "path",
    "paths",
    "dir",
    "directory",
    "folder",
    "url",
    "uri",
    "urls",
    "host",
    "endpoint",
    "location",
    "domain",
    "server",
    "volume",
    "mount",
    "bucket",
    "page",
    "link",
    "href",
    "route",
    "address",
    "callback",
];
const DIGESTS: [&str; 23] = [
    "verifier",
    "nonce",
    "signature",
    "hash",
    "hashed",
    "hashes",
    "digest",
    "sha",
    "sha1",
    "sha256",
    "md5",
    "checksum",
    "fingerprint",
    "thumbprint",
    "sum",
    "crc",
    "salt",
    "iv",
    "integrity",
    "etag",
    "bcrypt",
    "algo",
    "cert",
];
const TEXTS: [&str; 64] = [
    "results",
    "source",
    "chars",
    "order",
    "scheme",
    "schemes",
    "label",
    "placeholder",
    "text",
    "title",
    "message",
    "msg",
    "error",
    "errors",
    "hint",
    "prompt",
    "field",
    "fields",
    "input",
    "description",
    "desc",
    "help",
    "confirm",
    "regex",
    "pattern",
    "prefix",
    "suffix",
    "format",
    "policy",
    "rule",
    "rules",
    "template",
    "header",
    "column",
    "attribute",
    "attr",
    "property",
    "option",
    "param",
    "parameter",
    "arg",
    "variable",
    "var",
    "env",
    "selector",
    "button",
    "link",
    "icon",
    "lang",
    "usage",
    "example",
    "method",
    "mode",
    "validator",
    "strategy",
    "separator",
    "delimiter",
    "encoding",
    "pressed",
    "press",
    "binding",
    "bindings",
    "listener",
    "event",
];
const NUMBERS: [&str; 40] = [
    "length",
    "len",
    "size",
    "count",
    "max",
    "min",
    "limit",
    "ttl",
    "expires",
    "expiry",
    "expiration",
    "expire",
    "timeout",
    "age",
    "index",
    "num",
    "number",
    "bits",
    "status",
    "state",
    "enabled",
    "disabled",
    "required",
    "valid",
    "invalid",
    "changed",
    "updated",
    "created",
    "reset",
    "date",
    "time",
    "at",
    "is",
    "has",
    "lifetime",
    "duration",
    "interval",
    "strength",
    "rotation",
    "usage",
];
const PUBLICS: [&str; 12] = [
    "encrypted",
    "enc",
    "ciphertext",
    "wrapped",
    "public",
    "pub",
    "csrf",
    "xsrf",
    "publishable",
    "author",
    "authenticity",
    "site",
];
const TESTS: [&str; 14] = [
    "test", "tests", "testing", "mock", "fake", "dummy", "example", "sample", "demo", "invalid",
    "wrong", "bad", "expected", "fixture",
];

/// What stands before `pass` where the two are written as one.
const BEFORE_PASS: [&str; 26] = [
    "db", "my", "user", "root", "admin", "smtp", "ftp", "mail", "email", "auth", "login", "key",
    "store", "sys", "sql", "mysql", "pg", "redis", "proxy", "require", "bind", "ldap", "http",
    "wifi", "rpc", "test",
];

/// Whether `word` is one of `list`.
pub fn among(list: &[&str], word: &[u8]) -> bool {
    list.iter().any(|known| known.as_bytes() == word)
}

/// The same, whatever the case of `word`.
pub fn among_any_case(list: &[&str], word: &[u8]) -> bool {
    list.iter()
        .any(|known| known.as_bytes().eq_ignore_ascii_case(word))
}

/// The class of one word, in lower case.
pub fn class(word: &[u8]) -> Class {
    let digits = word.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    // A number behind the name, `password2`, is part of the same name.
    let word = if digits < word.len() && !among(&DIGESTS, word) {
        &word[..word.len() - digits]
    } else {
        word
    };
    let singular = match word {
        [start @ .., b's'] if !start.ends_with(b"s") && word.len() > 4 => start,
        _ => word,
    };
    let known = |word: &[u8]| CLASSES.get(word).copied();
    let plural = known(singular).filter(|(rank, _)| *rank < OF_PLURALS);
    match known(word)
        .into_iter()
        .chain(plural)
        .min_by_key(|(rank, _)| *rank)
    {
        Some((_, class)) => class,
        None => run_together(singular),
    }
}

/// The lists, those first that count before others.
const LISTS: [(&[&str], Class); 14] = [
    (&PASSWORDS, Class::Password),
    (&SECRETS, Class::Secret),
    (&TOKENS, Class::Token),
    (&SECRET_KEYS, Class::SecretKey),
    (&["key"], Class::Key),
    (&CREDENTIALS, Class::Credential),
    (&IDENTITIES, Class::Identity),
    (&PLACES, Class::Place),
    (&DIGESTS, Class::Digest),
    (&PUBLICS, Class::Public),
    (&TESTS, Class::Test),
    (&NUMBERS, Class::Number),
    (&TEXTS, Class::Text),
    (&QUALIFIERS, Class::Qualifier),
];
/// So many of the first of them hold for plurals, too.
const OF_PLURALS: usize = 6;

/// The first list that each word is in, and its class.
static CLASSES: LazyLock<HashMap<&[u8], (usize, Class)>> = LazyLock::new(|| {
    let mut classes = HashMap::new();
    for (rank, (list, class)) in LISTS.iter().enumerate() {
        for word in *list {
            classes.entry(word.as_bytes()).or_insert((rank, *class));
        }
    }
    classes
});

/// Whether `value` is a word for a secret itself, in English or another language, as labels and translations are.
pub fn is_word_for_secret(value: &[u8]) -> bool {
    const OTHERS: [&str; 24] = [
        "kennwort",
        "contrasena",
        "senha",
        "wachtwoord",
        "haslo",
        "salasana",
        "losenord",
        "jelszo",
        "heslo",
        "parola",
        "sifre",
        "adgangskode",
        "clave",
        "passord",
        "lozinka",
        "slaptazodis",
        "geslo",
        "parole",
        "contrasenya",
        "pasahitza",
        "lykilord",
        "parool",
        "fjalekalim",
        "cyfrinair",
    ];
    // `Password:` as a label.
    let value = value.strip_suffix(b":").unwrap_or(value);
    let mut lower = [0; 24];
    let Some(lower) = lower.get_mut(..value.len()) else {
        return false;
    };
    lower.copy_from_slice(value);
    lower.make_ascii_lowercase();
    let lists: [&[&str]; 5] = [&PASSWORDS, &SECRETS, &TOKENS, &CREDENTIALS, &OTHERS];
    lists.iter().any(|list| among(list, lower))
}

/// Words written as one: `userpassword`, `dbpass`, `authtoken`, `accountkey`.
fn run_together(word: &[u8]) -> Class {
    const ENDS: [(&str, Class); 8] = [
        ("password", Class::Password),
        ("passwd", Class::Password),
        ("passphrase", Class::Password),
        ("pwd", Class::Password),
        ("secret", Class::Secret),
        ("token", Class::Token),
        ("apikey", Class::SecretKey),
        ("secretkey", Class::SecretKey),
    ];
    if let Some(before) = word.strip_suffix(b"pass") {
        return if among(&BEFORE_PASS, before) {
            Class::Password
        } else {
            Class::Other
        };
    }
    // A command, and a file of hashes.
    if word.starts_with(b"no") || word == b"htpasswd" {
        return Class::Other;
    }
    let ends = |(end, _): &&(&str, Class)| word.ends_with(end.as_bytes());
    ENDS.iter().find(ends).map_or(Class::Other, |(_, c)| *c)
}

impl Class {
    /// How sure it is that a value of that name is a secret.
    pub fn strength(self) -> i16 {
        match self {
            Class::Password => 5,
            Class::Secret | Class::SecretKey => 4,
            Class::Token => 3,
            Class::Credential => 2,
            Class::Key => 1,
            _ => 0,
        }
    }
}
