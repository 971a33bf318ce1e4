//! Which lines are of an address: those with it in their first field (`$remote_addr`, or a list of proxies in its place),
//! or in a field in quotation marks that is a list of addresses, wherever it stands (`"$http_x_forwarded_for"`, JSON). Addresses
//! are compared, not texts. nginx writes a quotation mark within a field as `\x22`, so what a client sends cannot end a
//! field; what it sends as X-Forwarded-For is its own word, though.

use std::{
    net::{IpAddr, SocketAddr},
    ops::Range,
};

use memchr::{memchr, memchr_iter, memchr2_iter, memmem, memrchr};

/// The longest address with a port, `[ffff:…:255.255.255.255]:65535`, is shorter. Bytes.
const LONGEST_ADDRESS_BYTES: usize = 56;
/// `::`
const SHORTEST_ADDRESS_BYTES: usize = 2;

pub(super) struct Wanted {
    address: IpAddr,
    /// Stands in every line of an IPv4 address, which has one notation (also as IPv6, `::ffff:192.0.2.1`). An IPv6
    /// address has many; its lines are looked at one by one.
    text: Option<memmem::Finder<'static>>,
}

impl Wanted {
    pub fn new(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let text = address.is_ipv4().then(|| memmem::Finder::new(&address.to_string()).into_owned());
        Self { address, text }
    }

    /// Appends where the lines of the address lie in `text`, which holds whole lines, without their ends. Of each line
    /// the first `longest` bytes are looked at.
    pub fn lines_in(&self, text: &[u8], longest: usize, found: &mut Vec<Range<usize>>) {
        let mut begin = 0;
        while begin < text.len() {
            // Towards the next line that may be one.
            let mut seen = begin;
            if let Some(finder) = &self.text {
                let Some(hit) = finder.find(&text[begin..]) else {
                    return;
                };
                seen += hit;
                begin += memrchr(b'\n', &text[begin..seen]).map_or(0, |at| at + 1);
            }
            let end = memchr(b'\n', &text[seen..]).map_or(text.len(), |at| seen + at);
            let line = &text[begin..end];
            if self.is_in(&line[..line.len().min(longest)]) {
                found.push(begin..end);
            }
            begin = end + 1;
        }
    }

    /// Whether a line is of the address.
    pub fn is_in(&self, line: &[u8]) -> bool {
        self.text.as_ref().is_none_or(|text| text.find(line).is_some())
            && (self.is_in_first_field(line) || self.is_in_quotes(line))
    }

    /// Fields belong to one list, `a, b`, as long as they end with a comma.
    fn is_in_first_field(&self, line: &[u8]) -> bool {
        let mut blanks = memchr2_iter(b' ', b'\t', line);
        let end = blanks.find(|at| !line[..*at].ends_with(b",")).unwrap_or(line.len());
        self.is_in_list(&line[..end])
    }

    fn is_in_quotes(&self, line: &[u8]) -> bool {
        let mut quotes = memchr_iter(b'"', line);
        let Some(mut before) = quotes.next() else {
            return false;
        };
        quotes.any(|quote| {
            let field = &line[before + 1..quote];
            before = quote;
            self.is_in_list(field)
        })
    }

    /// Whether `list` holds the address, and nothing that is none.
    fn is_in_list(&self, list: &[u8]) -> bool {
        // Most fields of a line are no list, nor is what stands between two in quotation marks; the first byte tells.
        if !list.first().is_some_and(|byte| byte.is_ascii_hexdigit() || b":[,-u".contains(byte)) {
            return false;
        }
        let mut begin = 0;
        let mut parts = memchr_iter(b',', list).chain([list.len()]).map(|end| {
            let part = list[begin..end].trim_ascii();
            begin = end + 1;
            part
        });
        parts.any(|part| self.may_be(part) && address(part) == Some(self.address))
            && list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).all(|part| {
                // What proxies write for one they do not know.
                matches!(part, b"" | b"-" | b"unknown") || address(part).is_some()
            })
    }

    /// Rules out most addresses of the other family without reading them.
    fn may_be(&self, text: &[u8]) -> bool {
        // `[2001:` is the longest piece of an IPv6 address up to a colon.
        self.address.is_ipv4() || text[..text.len().min(6)].contains(&b':')
    }
}

/// Of `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:80`.
fn address(text: &[u8]) -> Option<IpAddr> {
    let may_be = (SHORTEST_ADDRESS_BYTES..=LONGEST_ADDRESS_BYTES).contains(&text.len())
        && (text[0].is_ascii_hexdigit() || matches!(text[0], b':' | b'['));
    if !may_be {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip())).ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_of(address: &str, line: &str) -> bool {
        let wanted = Wanted::new(address.parse().unwrap());
        let mut found = Vec::new();
        wanted.lines_in(line.as_bytes(), usize::MAX, &mut found);
        assert_eq!(found.len(), usize::from(wanted.is_in(line.as_bytes())), "{line}");
        !found.is_empty()
    }

    const REST: &str = r#"- - [01/Jan/2024:00:00:00 +0000] "GET /?ip=1.2.3.4 HTTP/1.1" 200 5 "http://1.2.3.4/" "curl 1.2.3.4""#;

    #[test]
    fn the_whole_first_field_counts() {
        for first in
            ["1.2.3.4", "1.2.3.4,", "::ffff:1.2.3.4", "9.9.9.9, 1.2.3.4", "9.9.9.9,1.2.3.4", "1.2.3.4:5678"]
        {
            assert!(is_of("1.2.3.4", &format!("{first} {REST}")), "{first}");
            assert!(is_of("::ffff:1.2.3.4", &format!("{first} {REST}")), "{first}");
        }
        for other in
            ["11.2.3.45", "1.2.3.45", "11.2.3.4", "1.2.3.4.5", "x1.2.3.4", "1.2.3.4x", "5.6.7.8 1.2.3.4", ""]
        {
            assert!(!is_of("1.2.3.4", &format!("{other} {REST}")), "{other}");
        }
        assert!(is_of("1.2.3.4", "1.2.3.4"));
    }

    #[test]
    fn forwarded_for_counts() {
        for list in ["1.2.3.4", "5.6.7.8, 1.2.3.4", "unknown, 1.2.3.4,10.0.0.1", "[::FFFF:1.2.3.4]:80"] {
            assert!(is_of("1.2.3.4", &format!(r#"10.0.0.1 {REST} "{list}""#)), "{list}");
            assert!(is_of("1.2.3.4", &format!(r#"10.0.0.1 {REST} "{list}" 0.005"#)), "{list}");
        }
        for list in ["-", "11.2.3.45", "1.2.3.4 x", "5.6.7.8, 1.2.3.45", "1.2.3.4, curl", "a, 1.2.3.4"] {
            assert!(!is_of("1.2.3.4", &format!(r#"10.0.0.1 {REST} "{list}""#)), "{list}");
        }
        assert!(is_of("1.2.3.4", r#"{"remote_addr":"1.2.3.4","status":200}"#));
        assert!(!is_of("1.2.3.4", r#"{"remote_addr":"1.2.3.40","status":200}"#));
    }

    #[test]
    fn ipv6_counts_in_any_notation() {
        for first in [
            "2001:db8::1",
            "2001:0DB8:0:0:0:0:0:1",
            "2001:DB8::0.0.0.1",
            "[2001:db8::1]:443",
            "[2001:db8::1]",
        ] {
            assert!(is_of("2001:db8::1", &format!("{first} {REST}")), "{first}");
            assert!(is_of("2001:db8::1", &format!(r#"10.0.0.1 {REST} "{first}, ::1""#)), "{first}");
        }
        for other in ["2001:db8::11", "2001:db8::1:1", "2001:db8::", "12001:db8::1", "::1"] {
            assert!(!is_of("2001:db8::1", &format!("{other} {REST}")), "{other}");
        }
    }
}
