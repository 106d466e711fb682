//! What a hook says: a shell script, for the shell that git brings along on every system.

use std::path::Path;

use super::Hook;

/// By this line, the second, a script is known as ours.
const MARK: &str = "# Written by `keysieve install-hooks`";

/// How much of a file has to be read to know whose it is.
pub const HEAD: u64 = 256;

/// What people are told where a hook stops something.
struct Words {
    /// What is stopped.
    what: &'static str,
    /// What to do about findings.
    advice: &'static str,
    /// How to go on without the hook, once.
    around: &'static str,
}

fn words(hook: Hook) -> Words {
    match hook {
        Hook::PreCommit => Words {
            what: "this commit",
            advice: "Take the secret out of the file and `git add` it again, or accept it where it is none.",
            around: "`git commit --no-verify` goes without this check, once.",
        },
        Hook::PrePush => Words {
            what: "this push",
            advice: "Take the secret out of the commits (`git rebase --interactive`), or accept it where it is none.",
            around: "`git push --no-verify` goes without this check, once.",
        },
        Hook::PreReceive => Words {
            what: "this push",
            advice: "Take the secret out of the commits (`git rebase --interactive`) and push again.",
            around: "Who runs this server can take its pre-receive hook away.",
        },
    }
}

/// Hands what git says on standard input to the hook that was there before. The full stop keeps the end of the last line,
/// which a command substitution cuts off.
const BEFORE_WITH_LINES: &str = r#"unset lines
if [ -f "$before" ] && [ -x "$before" ]; then
    lines=$(cat && echo .)
    lines=${lines%.}
    printf %s "$lines" 2>/dev/null | "$before" "$@" || exit
fi
"#;

const BEFORE: &str = r#"if [ -f "$before" ] && [ -x "$before" ]; then
    "$before" "$@" || exit
fi
"#;

/// The hook's script, which calls the program at `binary`, or the one on the search path where that is gone. Without
/// any it stops what it guards. A hook kept beside it runs first and decides alone where it fails.
pub fn script(hook: Hook, binary: &Path) -> Vec<u8> {
    let name = hook.name();
    let former = hook.former_name();
    let Words {
        what,
        advice,
        around,
    } = words(hook);
    let (before, check) = match hook {
        Hook::PreCommit => (
            BEFORE,
            r#""$keysieve" git --staged --format brief"#.to_owned(),
        ),
        Hook::PrePush => (
            BEFORE_WITH_LINES,
            with_lines(r#""$keysieve" git --format brief --pre-push "$@""#),
        ),
        Hook::PreReceive => (
            BEFORE_WITH_LINES,
            with_lines(r#""$keysieve" git --format brief --pre-receive"#),
        ),
    };
    let head = format!(
        "#!/bin/sh
{MARK}; `keysieve install-hooks --uninstall` takes it away again.
# The next installation writes it anew: a hook of your own belongs in {former}, which runs first.

keysieve="
    );
    let rest = format!(
        r#"
case $0 in
    */*) before=${{0%/*}}/{former} ;;
    *) before=./{former} ;;
esac

{before}
if ! [ -f "$keysieve" ] || ! [ -x "$keysieve" ]; then
    keysieve=$(command -v keysieve) || keysieve=
fi
case $keysieve in
    /* | ?:*) ;;
    *)
        cat >&2 <<'END'
keysieve: {what} is stopped, as the program that checks it is gone: it is neither where it was when the {name} hook was
installed nor on the search path. Install keysieve and run `keysieve install-hooks --{name}` anew, or take the hook away.
{around}
END
        exit 1
        ;;
esac

{check}
code=$?
case $code in
    0) ;;
    1)
        cat >&2 <<'END'
keysieve: {what} is stopped. {advice}
{around}
END
        ;;
    *)
        cat >&2 <<'END'
keysieve: {what} is stopped, as it could not be checked in full; the reason stands above.
{around}
END
        ;;
esac
exit "$code"
"#
    );
    let mut script = head.into_bytes();
    script.extend(quoted(binary));
    script.extend(rest.into_bytes());
    script
}

/// The call with the standard input that the former hook has read already, if there is one.
fn with_lines(call: &str) -> String {
    format!(
        r#"if [ -n "${{lines+set}}" ]; then
    printf %s "$lines" 2>/dev/null | {call}
else
    {call}
fi"#
    )
}

/// A path as one word of the shell. Its separators are `/` everywhere, which the shell of Git for Windows wants.
fn quoted(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let mut word = vec![b'\''];
    for &byte in bytes {
        match byte {
            b'\'' => word.extend(br"'\''"),
            b'\\' if cfg!(windows) => word.push(b'/'),
            other => word.push(other),
        }
    }
    word.push(b'\'');
    word
}

/// Whether a file that begins with `head` is such a script, of this version or another, whatever its line ends.
pub fn is_ours(head: &[u8]) -> bool {
    let mut lines = head.split(|&byte| byte == b'\n');
    lines.next().is_some_and(|line| line.starts_with(b"#!"))
        && lines
            .next()
            .is_some_and(|line| line.starts_with(MARK.as_bytes()))
}

/// Whether a hook seems to find out what to do by its own name, which is another one once it is kept.
pub fn goes_by_its_name(text: &[u8]) -> bool {
    let holds = |what: &[u8]| memchr::memmem::find(text, what).is_some();
    holds(b"${0##*/}") || holds(b"basename") && holds(b"$0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_any_path() {
        let cases = [
            ("/usr/bin/keysieve", "'/usr/bin/keysieve'"),
            ("/o'er a\n$(x)/k", "'/o'\\''er a\n$(x)/k'"),
        ];
        for (path, want) in cases {
            assert_eq!(quoted(Path::new(path)), want.as_bytes(), "{path}");
        }
    }

    #[test]
    fn knows_its_own_scripts() {
        for hook in Hook::ALL {
            let script = script(hook, Path::new("/bin/keysieve"));
            assert!(is_ours(&script[..HEAD as usize]), "{hook:?}");
            let crlf = String::from_utf8(script).expect("it is text");
            assert!(is_ours(crlf.replace('\n', "\r\n").as_bytes()), "{hook:?}");
        }
        let others = [
            "",
            "#!/bin/sh\nkeysieve scan\n",
            "#!/bin/sh\n\n# Written by",
        ];
        for other in others {
            assert!(!is_ours(other.as_bytes()), "{other:?}");
        }
    }

    #[test]
    fn knows_hooks_that_go_by_their_name() {
        let cases = [
            ("exec run \"$(basename \"$0\")\"", true),
            ("hook_type = File.basename($0)", true),
            ("name=${0##*/}", true),
            ("cd \"$(dirname \"$0\")\"", false),
            ("basename \"$PWD\"", false),
        ];
        for (text, want) in cases {
            assert_eq!(goes_by_its_name(text.as_bytes()), want, "{text}");
        }
    }
}
