//! How word-like a value is, and what the words of a name say.

/// Splits an identifier into its words: `camelCase`, `snake_case`, `kebab-case`, `dotted.names`, `HTTPServer`.
pub fn split(name: &[u8], mut word: impl FnMut(&[u8])) {
    let mut start = 0;
    for at in 0..=name.len() {
        let ends = at == name.len() || !name[at].is_ascii_alphanumeric();
        let turns = !ends && at > start && {
            let (last, this) = (name[at - 1], name[at]);
            let acronym_ends = last.is_ascii_uppercase()
                && this.is_ascii_uppercase()
                && name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            (last.is_ascii_lowercase() || last.is_ascii_digit()) && this.is_ascii_uppercase()
                || acronym_ends
        };
        if ends || turns {
            if at > start {
                word(&name[start..at]);
            }
            start = if ends { at + 1 } else { at };
        }
    }
}

/// How many letters of `value` stand in stretches that read like words: at least four letters of one case (the first
/// may differ) with a vowel every few letters. Random text rarely has such stretches; names, phrases and paths consist
/// of them.
pub fn word_like(value: &[u8]) -> usize {
    let mut covered = 0;
    split(value, |part| {
        for stretch in part.split(|b| !b.is_ascii_alphabetic()) {
            if stretch.len() >= 4 && pronounceable(stretch) {
                covered += stretch.len();
            }
        }
    });
    covered
}

fn pronounceable(word: &[u8]) -> bool {
    let vowel = |b: &u8| {
        matches!(
            b.to_ascii_lowercase(),
            b'a' | b'e' | b'i' | b'o' | b'u' | b'y'
        )
    };
    let (mut vowels, mut run, mut longest) = (0, 0usize, 0);
    for byte in word {
        if vowel(byte) {
            vowels += 1;
            run = 0;
        } else {
            run += 1;
            longest = longest.max(run);
        }
    }
    let rare = word
        .iter()
        .filter(|b| matches!(b.to_ascii_lowercase(), b'q' | b'x' | b'z' | b'j'))
        .count();
    let share = vowels * 100 / word.len();
    (20..=65).contains(&share) && longest <= 4 && rare * 5 <= word.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_names() {
        let cases = [
            ("dbPassword", vec!["db", "Password"]),
            ("DB_PASSWORD", vec!["DB", "PASSWORD"]),
            ("HTTPServerKey", vec!["HTTP", "Server", "Key"]),
            (
                "spring.datasource.password",
                vec!["spring", "datasource", "password"],
            ),
            ("--api-key", vec!["api", "key"]),
            ("tokenizer", vec!["tokenizer"]),
        ];
        for (name, want) in cases {
            let mut words = Vec::new();
            split(name.as_bytes(), |w| {
                words.push(String::from_utf8_lossy(w).into_owned())
            });
            assert_eq!(words, want);
        }
    }

    #[test]
    fn knows_words_from_random_text() {
        for text in ["correcthorse", "UserPasswordField", "some-config-name"] {
            assert!(word_like(text.as_bytes()) * 10 >= text.len() * 7, "{text}");
        }
        for text in ["x9Kq2LmZ7pTw4VbN", "8f14e45fceea167a5a36dedd", "hT5kP0wQz"] {
            assert!(word_like(text.as_bytes()) * 10 < text.len() * 4, "{text}");
        }
    }
}
