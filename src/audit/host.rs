//! The hosts that a command or an address names.

/// More hosts of one context are not recorded.
const MOST: usize = 16;
/// The longest name that DNS has.
const LONGEST: usize = 253;

/// The hosts of the addresses in `text` (`scheme://user@host:port/…`, `user@host:path`), in lower case, each once, at
/// most sixteen.
pub fn hosts(text: &str) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    let addresses = memchr::memmem::find_iter(text.as_bytes(), "://");
    let after_scheme = addresses.map(|at| authority(&text[at + 3..]));
    let copies = memchr::memchr_iter(b'@', text.as_bytes());
    let after_user = copies.filter_map(|at| scp(text, at));
    for host in after_scheme.chain(after_user) {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if is_host(&host) && !hosts.contains(&host) {
            hosts.push(host);
            if hosts.len() == MOST {
                break;
            }
        }
    }
    hosts
}

/// The host of what follows `://`.
fn authority(rest: &str) -> &str {
    let ends = |c: char| c.is_whitespace() || "/?#\"'`<>\\|;,)]}".contains(c);
    // The brackets of an IPv6 address end at `]` themselves.
    let end = match rest.starts_with('[') {
        true => rest.find(']').map_or(rest.len(), |at| at + 1),
        false => rest.find(ends).unwrap_or(rest.len()),
    };
    let authority = &rest[..end];
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    match host.strip_prefix('[') {
        Some(address) => address.trim_end_matches(']'),
        None => host.split_once(':').map_or(host, |(host, _)| host),
    }
}

/// The host of `user@host:path`, as `scp`, `rsync` and Git write it, whose `@` stands at `at`.
fn scp(text: &str, at: usize) -> Option<&str> {
    let user = text[..at].chars().next_back()?;
    let rest = &text[at + 1..];
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ".-_".contains(c)))?;
    (user.is_ascii_alphanumeric() && rest[end..].starts_with(':')).then(|| &rest[..end])
}

fn is_host(host: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b".-_:".contains(&b);
    let named = host.bytes().any(|b| b.is_ascii_alphanumeric());
    (1..=LONGEST).contains(&host.len()) && host.bytes().all(fits) && named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_hosts_of_addresses() {
        let cases: [(&str, &[&str]); 14] = [
            ("curl https://Example.com/a?b=c", &["example.com"]),
            ("https://u:p@a.b:8443/x https://a.b", &["a.b"]),
            ("git clone git@github.com:o/r.git", &["github.com"]),
            ("scp x me@10.0.0.1:/tmp", &["10.0.0.1"]),
            ("http://[::1]:80/ ok", &["::1"]),
            (
                "(see http://a.example.), 'https://b.example'",
                &["a.example", "b.example"],
            ),
            ("postgres://app:x@db.internal:5432/app", &["db.internal"]),
            ("https://user@evil.example@real.example/", &["real.example"]),
            ("mail me@example.com", &[]),
            ("://", &[]),
            ("https:///path", &[]),
            ("https://${HOST}/", &[]),
            ("a @b: c", &[]),
            ("", &[]),
        ];
        for (text, want) in cases {
            assert_eq!(hosts(text), want, "{text}");
        }
        let many: String = (0..100).map(|i| format!("http://h{i} ")).collect();
        assert_eq!(hosts(&many).len(), MOST);
    }
}
