//! Heads: what a chain's last record was at some time, signed or not.
//!
//! A chain alone cannot tell that its end was cut off; a head can. `FILE.head` is the newest one. One that is kept where
//! whoever writes the log cannot reach also tells that the whole chain was written anew.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::LogError;
use super::record::Place;
use crate::platform;

/// A head's file is this long, so that a new head takes the place of the old one in a single write.
const FILE_BYTES: usize = 512;
/// A key's file is no longer than this.
const KEY_LIMIT: u64 = 16 * 1024;

/// What a chain's last record was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The version of the format.
    pub v: u32,
    /// The chain.
    pub chain: String,
    /// The record's number.
    pub seq: u64,
    /// The record's hash.
    pub hash: String,
    /// When the record was written.
    pub time: String,
    /// Base64 of the ed25519 signature over the head's JSON without this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sig: Option<String>,
}

impl Head {
    /// The record that it names.
    pub fn place(&self) -> Place {
        Place {
            seq: self.seq,
            hash: self.hash.clone(),
        }
    }

    /// One line of JSON, without its line end.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("because texts and numbers can be written as JSON")
    }

    fn unsigned(&self) -> Vec<u8> {
        let sig = None;
        Head {
            sig,
            ..self.clone()
        }
        .line()
        .into_bytes()
    }

    /// The head with a signature.
    pub fn signed(mut self, key: &SigningKey) -> Head {
        let signature = key.sign(&self.unsigned());
        self.sig = Some(STANDARD.encode(signature.to_bytes()));
        self
    }

    /// Whether it has a right signature by the holder of `key`.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        let signature = || Signature::from_slice(&STANDARD.decode(self.sig.as_ref()?).ok()?).ok();
        signature().is_some_and(|sig| key.verify_strict(&self.unsigned(), &sig).is_ok())
    }
}

/// Where a log's newest head is: beside the log itself, whatever links lead there.
pub fn beside(log: &Path) -> PathBuf {
    let log = fs::canonicalize(log).unwrap_or_else(|_| log.to_owned());
    with_suffix(&log, ".head")
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Reads the heads of a file, one a line; none where there is no such file.
///
/// # Errors
/// The file cannot be read, or a line is no head.
pub fn read(path: &Path) -> Result<Vec<Head>, LogError> {
    /// Some hundred thousand heads.
    const LIMIT: u64 = 64 << 20;
    let file = match platform::open(path, true) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|e| LogError::io(path, e))?,
    };
    let mut text = String::new();
    file.take(LIMIT)
        .read_to_string(&mut text)
        .map_err(|e| LogError::io(path, e))?;
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            serde_json::from_str(line.trim()).map_err(|_| LogError::Malformed {
                file: path.display().to_string(),
                line: index as u64 + 1,
                what: "no head of an audit log",
            })
        })
        .collect()
}

/// Puts `head` in the place of the one before, on the disk where `sync` says so.
pub(super) fn write(path: &Path, head: &Head, sync: bool) -> io::Result<()> {
    let mut line = head.line();
    let blanks = FILE_BYTES.saturating_sub(line.len() + 1);
    line.extend(std::iter::repeat_n(' ', blanks));
    line.push('\n');
    let mut file =
        platform::private(File::options().create(true).truncate(false).write(true)).open(path)?;
    file.write_all(line.as_bytes())?;
    if sync { file.sync_data() } else { Ok(()) }
}

/// Makes a key pair: `path` holds the secret key, its owner's alone to read, `path.pub` the public one, both in PEM.
/// Returns the path of the public key.
///
/// # Errors
/// There is no randomness, or one of the files is there already or cannot be written.
pub fn generate_key(path: &Path) -> Result<PathBuf, LogError> {
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|e| LogError::io(path, io::Error::other(e)))?;
    let key = SigningKey::from_bytes(&seed);
    let broken = |_| LogError::Key(path.display().to_string());
    // Without the public half, which OpenSSL does not read in a secret key's file.
    let secret = KeypairBytes {
        secret_key: key.to_bytes(),
        public_key: None,
    };
    let secret = secret.to_pkcs8_pem(LineEnding::LF).map_err(broken)?;
    let public = key.verifying_key().to_public_key_pem(LineEnding::LF);
    let public = public.map_err(|_| LogError::Key(path.display().to_string()))?;
    let beside = with_suffix(path, ".pub");
    let create = |path: &Path, text: &str, options: &mut fs::OpenOptions| {
        let mut file = options.create_new(true).write(true).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    create(path, &secret, platform::private(&mut File::options()))
        .map_err(|e| LogError::io(path, e))?;
    create(&beside, &public, &mut File::options()).map_err(|e| LogError::io(&beside, e))?;
    Ok(beside)
}

/// Reads a secret key: PKCS #8 in PEM, as [`generate_key`] and `openssl genpkey -algorithm ed25519` write it.
///
/// # Errors
/// The file cannot be read, or holds no such key.
pub fn signing_key(path: &Path) -> Result<SigningKey, LogError> {
    let text = zeroize::Zeroizing::new(key_text(path)?);
    SigningKey::from_pkcs8_pem(&text).map_err(|_| LogError::Key(path.display().to_string()))
}

/// Reads a public key: SPKI in PEM.
///
/// # Errors
/// The file cannot be read, or holds no such key.
pub fn public_key(path: &Path) -> Result<VerifyingKey, LogError> {
    let text = key_text(path)?;
    VerifyingKey::from_public_key_pem(&text).map_err(|_| LogError::Key(path.display().to_string()))
}

fn key_text(path: &Path) -> Result<String, LogError> {
    let mut text = String::new();
    let file = platform::open(path, true).map_err(|e| LogError::io(path, e))?;
    file.take(KEY_LIMIT)
        .read_to_string(&mut text)
        .map_err(|e| LogError::io(path, e))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_every_field() {
        let folder = tempfile::tempdir().expect("because there is room for one");
        let path = folder.path().join("key");
        let public = generate_key(&path).expect("because the folder is ours");
        assert!(
            matches!(generate_key(&path), Err(LogError::Io { .. })),
            "it is there"
        );
        let key = signing_key(&path).expect("it was written");
        let public = public_key(&public).expect("it was written");
        let head = Head {
            v: 1,
            chain: "c".repeat(32),
            seq: 3,
            hash: "h".repeat(64),
            time: "2026-11-27T00:10:00.000Z".to_owned(),
            sig: None,
        };
        assert!(!head.is_signed_by(&public));
        let signed = head.clone().signed(&key);
        assert!(signed.is_signed_by(&public));
        let others = [
            Head {
                seq: 4,
                ..signed.clone()
            },
            Head {
                hash: "g".repeat(64),
                ..signed.clone()
            },
            Head {
                chain: "d".repeat(32),
                ..signed.clone()
            },
            Head {
                time: String::new(),
                ..signed.clone()
            },
            Head {
                sig: Some("!".to_owned()),
                ..signed.clone()
            },
        ];
        assert!(others.iter().all(|other| !other.is_signed_by(&public)));
        let other = SigningKey::from_bytes(&[1; 32]).verifying_key();
        assert!(!signed.is_signed_by(&other));

        let file = folder.path().join("log.head");
        assert_eq!(read(&file).expect("none is none"), []);
        let longer = Head {
            seq: u64::MAX,
            ..signed.clone()
        };
        for head in [&longer, &signed] {
            write(&file, head, true).expect("because the folder is ours");
            assert_eq!(read(&file).expect("it is one"), std::slice::from_ref(head));
        }
        fs::write(&file, "x\n").expect("because the folder is ours");
        assert!(matches!(
            read(&file),
            Err(LogError::Malformed { line: 1, .. })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_key_is_its_owner_s_alone() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().expect("because there is room for one");
        let path = folder.path().join("key");
        generate_key(&path).expect("because the folder is ours");
        let mode = fs::metadata(&path)
            .expect("it was written")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
