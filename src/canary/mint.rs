//! Making canaries: values with a valid structure that the rule of their kind finds.

use std::fmt;
use std::io;

use zeroize::Zeroizing;

use crate::engine::{CANARY_PREFIX, Engine, base62};
use crate::model::Secret;

const DIGITS: &[u8] = b"0123456789";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What a canary looks like. Each holds at least 128 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A profile of an AWS credentials file: a key id that decodes to an account of twelve digits, and its secret key.
    Aws,
    /// A classic personal access token of GitHub with a right checksum.
    Github,
    /// A bot token of Slack.
    Slack,
    /// The address of a PostgreSQL database with user and password.
    DatabaseUrl,
    /// A variable with a canary word.
    Env,
    /// An MCP server's entry with a canary word as its bearer token.
    Mcp,
    /// A canary word alone, for a prompt, a document, a comment.
    Word,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 7] = [
        Kind::Aws,
        Kind::Github,
        Kind::Slack,
        Kind::DatabaseUrl,
        Kind::Env,
        Kind::Mcp,
        Kind::Word,
    ];

    /// The name used on the command line and in the register.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Aws => "aws",
            Kind::Github => "github",
            Kind::Slack => "slack",
            Kind::DatabaseUrl => "database-url",
            Kind::Env => "env",
            Kind::Mcp => "mcp",
            Kind::Word => "word",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What it is called where it is planted, unless somebody has a better name: a profile, a variable, a server.
    pub fn usual_name(self) -> &'static str {
        match self {
            Kind::Aws => "backup",
            Kind::Github => "GITHUB_TOKEN",
            Kind::Slack => "SLACK_BOT_TOKEN",
            Kind::DatabaseUrl => "DATABASE_URL",
            Kind::Env => "INTERNAL_API_KEY",
            Kind::Mcp => "internal-admin",
            Kind::Word => "",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A new canary: the only time that its value is in hand.
pub struct Minted {
    /// What it looks like.
    pub kind: Kind,
    /// What it is called where it is planted.
    pub name: String,
    /// Its secrets, each as the rule that finds it hands it out.
    pub secrets: Vec<Secret>,
    /// The text to plant, with its line end.
    pub text: Zeroizing<String>,
}

/// Why no canary could be made.
#[derive(Debug, thiserror::Error)]
pub enum Unminted {
    /// The system has no randomness to give.
    #[error("the system's randomness: {0}")]
    Randomness(#[from] io::Error),
    /// A name that would break the text it stands in.
    #[error("`{0}` is no name for a canary; expected letters, digits, `_`, `-` and `.`")]
    Name(String),
    /// The rules do not find what was made: they were changed.
    #[error("no rule finds a canary of the kind {0}")]
    Unnoticed(Kind),
}

/// Makes a canary of `kind`, called `name` or as usual. What `engine` would not report is no canary and is thrown away;
/// a random value holds a placeholder's letters once in a while.
///
/// # Errors
/// `random` fails, `name` is none, or `engine` finds none of several.
pub fn mint(
    kind: Kind,
    name: Option<&str>,
    engine: &Engine,
    random: &mut dyn FnMut(&mut [u8]) -> io::Result<()>,
) -> Result<Minted, Unminted> {
    const TRIES: usize = 32;
    let name = name.unwrap_or(kind.usual_name());
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    if !name.bytes().all(fits) || name.is_empty() != (kind == Kind::Word) {
        return Err(Unminted::Name(name.to_owned()));
    }
    for _ in 0..TRIES {
        let minted = Mint(random).canary(kind, name)?;
        if noticed(&minted, engine) {
            return Ok(minted);
        }
    }
    Err(Unminted::Unnoticed(kind))
}

/// Whether every secret of it is found in the text as planted.
fn noticed(minted: &Minted, engine: &Engine) -> bool {
    let text = minted.text.as_bytes();
    let found = engine.scan("", text, &mut engine.scratch());
    let is_found = |secret: &Secret| {
        let mut kept = found.iter().filter(|candidate| candidate.kept());
        kept.any(|c| text[c.secret.start as usize..c.secret.end as usize] == *secret.expose())
    };
    minted.secrets.iter().all(is_found)
}

/// A source of random bytes.
struct Mint<'r>(&'r mut dyn FnMut(&mut [u8]) -> io::Result<()>);

impl Mint<'_> {
    fn canary(&mut self, kind: Kind, name: &str) -> io::Result<Minted> {
        let mut secrets = Vec::new();
        let mut secret = |text: Zeroizing<String>| {
            secrets.push(Secret::new(text.as_bytes()));
            text
        };
        let text = match kind {
            Kind::Aws => {
                let id = secret(self.aws_key_id()?);
                let key = secret(self.of(BASE64, 40)?);
                format!(
                    "[{name}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
                    *id, *key
                )
            }
            Kind::Github => format!("{name}={}\n", *secret(self.checked("ghp_")?)),
            Kind::Slack => format!("{name}={}\n", *secret(self.slack_token()?)),
            Kind::DatabaseUrl => {
                let password = secret(self.of(BASE62, 32)?);
                format!(
                    "{name}=postgres://app_admin:{}@db-replica.internal:5432/app\n",
                    *password
                )
            }
            Kind::Env => format!("{name}={}\n", *secret(self.checked(CANARY_PREFIX)?)),
            Kind::Word => format!("{}\n", *secret(self.checked(CANARY_PREFIX)?)),
            Kind::Mcp => {
                let token = secret(self.checked(CANARY_PREFIX)?);
                format!(
                    "{{\n  \"mcpServers\": {{\n    \"{name}\": {{\n      \"type\": \"http\",\n      \
                     \"url\": \"https://{name}.internal/mcp\",\n      \"headers\": {{\n        \
                     \"Authorization\": \"Bearer {}\"\n      }}\n    }}\n  }}\n}}\n",
                    *token
                )
            }
        };
        Ok(Minted {
            kind,
            name: name.to_owned(),
            secrets,
            text: Zeroizing::new(text),
        })
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        (self.0)(&mut byte)?;
        Ok(byte[0])
    }

    /// One of `alphabet`, each as likely as any other.
    fn one(&mut self, alphabet: &[u8]) -> io::Result<char> {
        let fair = 256 - 256 % alphabet.len();
        loop {
            let byte = usize::from(self.byte()?);
            if byte < fair {
                return Ok(char::from(alphabet[byte % alphabet.len()]));
            }
        }
    }

    fn of(&mut self, alphabet: &[u8], length: usize) -> io::Result<Zeroizing<String>> {
        let mut text = Zeroizing::new(String::with_capacity(length));
        for _ in 0..length {
            text.push(self.one(alphabet)?);
        }
        Ok(text)
    }

    /// GitHub's form, and that of a canary word: thirty characters and their checksum.
    fn checked(&mut self, prefix: &str) -> io::Result<Zeroizing<String>> {
        let mut token = Zeroizing::new(String::with_capacity(40));
        let body = self.of(BASE62, 30)?;
        token.push_str(prefix);
        token.push_str(&body);
        token.extend(base62(crc32fast::hash(body.as_bytes())).map(char::from));
        Ok(token)
    }

    /// The account stands in the first 48 of 80 bits, less the highest and the lowest seven. Ids that are handed out
    /// today have the highest bit set.
    fn aws_key_id(&mut self) -> io::Result<Zeroizing<String>> {
        let account: u64 = loop {
            let digits = self.of(DIGITS, 12)?;
            if !digits.starts_with('0') {
                break digits.parse().expect("because it is twelve digits");
            }
        };
        let mut rest = [0; 5];
        (self.0)(&mut rest)?;
        let [a, b, c, d, e] = rest;
        let head = 1 << 47 | account << 7 | u64::from(e & 0x7f);
        let bits = u128::from(head) << 32 | u128::from(u32::from_be_bytes([a, b, c, d]));
        let digit = |at: usize| char::from(BASE32[(bits >> (75 - 5 * at)) as usize & 31]);
        let mut id = Zeroizing::new(String::from("AKIA"));
        id.extend((0..16).map(digit));
        Ok(id)
    }

    fn slack_token(&mut self) -> io::Result<Zeroizing<String>> {
        let team = self.of(DIGITS, 11)?;
        let bot = self.of(DIGITS, 12)?;
        let body = self.of(BASE62, 24)?;
        Ok(Zeroizing::new(format!(
            "xoxb-1{}-1{}-{}",
            *team, *bot, *body
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canary::{aws_account_of, is_foreign};
    use crate::engine::RuleSet;

    fn system(bytes: &mut [u8]) -> io::Result<()> {
        getrandom::fill(bytes).map_err(io::Error::other)
    }

    /// The rules that find the text's secrets, in the order of their places.
    fn rules(engine: &Engine, text: &str) -> Vec<String> {
        let found = engine.scan("", text.as_bytes(), &mut engine.scratch());
        let kept = found.iter().filter(|candidate| candidate.kept());
        kept.map(|c| engine.rules().rules()[c.rule as usize].id.to_string())
            .collect()
    }

    #[test]
    fn each_kind_is_found_by_its_own_rule() {
        let cases: [(Kind, &[&str]); 7] = [
            (Kind::Aws, &["aws-access-key-id", "aws-secret-access-key"]),
            (Kind::Github, &["github-pat"]),
            (Kind::Slack, &["slack-bot-token"]),
            (Kind::DatabaseUrl, &["url-credentials"]),
            (Kind::Env, &["keysieve-canary"]),
            (Kind::Mcp, &["keysieve-canary"]),
            (Kind::Word, &["keysieve-canary"]),
        ];
        let engine = Engine::new(RuleSet::embedded());
        for (kind, want) in cases {
            for _ in 0..20 {
                let minted = mint(kind, None, &engine, &mut system).expect("it can be made");
                assert_eq!(rules(&engine, &minted.text), want, "{kind}");
                assert_eq!(minted.secrets.len(), want.len(), "{kind}");
            }
        }
    }

    #[test]
    fn key_ids_name_an_account_of_twelve_digits() {
        for _ in 0..200 {
            let id = Mint(&mut system).aws_key_id().expect("it can be made");
            let account = aws_account_of(id.as_bytes()).expect("it names one");
            assert!((100_000_000_000..1_000_000_000_000).contains(&account));
            assert!(!is_foreign(id.as_bytes()), "once in 40,000,000,000 times");
        }
    }

    #[test]
    fn a_value_needs_at_least_128_random_bits() {
        let engine = Engine::new(RuleSet::embedded());
        for kind in Kind::ALL {
            let mut drawn = 0;
            let mut counted = |bytes: &mut [u8]| {
                drawn += bytes.len();
                system(bytes)
            };
            let minted = mint(kind, None, &engine, &mut counted).expect("it can be made");
            let bits: f64 = minted.secrets.iter().map(entropy).sum();
            assert!(bits >= 128.0, "{kind}: {bits}");
            assert!(drawn >= 16, "{kind}: {drawn} bytes");
        }
    }

    /// The bits that the random characters of a value can hold: what is fixed is counted as nothing.
    fn entropy(secret: &Secret) -> f64 {
        let text = String::from_utf8(secret.expose().to_vec()).expect("it is text");
        match &text[..4] {
            // The account of twelve digits, seven bits and 32.
            "AKIA" => 9e11_f64.log2() + 39.0,
            "ghp_" | "svk_" => 30.0 * 62_f64.log2(),
            "xoxb" => 23.0 * 10_f64.log2() + 24.0 * 62_f64.log2(),
            _ => text.len() as f64 * 62_f64.log2(),
        }
    }

    #[test]
    fn a_name_cannot_break_the_text() {
        let engine = Engine::new(RuleSet::embedded());
        for name in ["", "a b", "a\"", "a\nb", "$(id)", "ü"] {
            let minted = mint(Kind::Mcp, Some(name), &engine, &mut system);
            assert!(matches!(minted, Err(Unminted::Name(_))), "{name:?}");
        }
        let minted = mint(Kind::Env, Some("A_b.c-1"), &engine, &mut system);
        assert!(minted.is_ok_and(|minted| minted.text.starts_with("A_b.c-1=")));
    }

    #[test]
    fn without_randomness_there_is_none() {
        let engine = Engine::new(RuleSet::embedded());
        let mut none = |_: &mut [u8]| Err(io::Error::other("none"));
        let minted = mint(Kind::Word, None, &engine, &mut none);
        assert!(matches!(minted, Err(Unminted::Randomness(_))));
        let mut stuck = |bytes: &mut [u8]| {
            bytes.fill(1);
            Ok(())
        };
        let minted = mint(Kind::DatabaseUrl, None, &engine, &mut stuck);
        assert!(
            matches!(minted, Err(Unminted::Unnoticed(_))),
            "it is not random"
        );
    }
}
