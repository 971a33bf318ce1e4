//! Name and password in an address: taken out before anybody sees it, and put as a server hears them. They are kept
//! nowhere else.

use super::error::DownloadError;

/// What is shown in their place.
const HIDDEN: &str = "...@";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// An address without name and password, and these as the value of the header `Authorization`.
///
/// # Errors
/// Where it cannot be told what of it they are. The error shows nothing that may be of them.
pub fn split(url: &str) -> Result<(String, Option<String>), DownloadError> {
    let Some((before, behind)) = url.rsplit_once('@') else {
        return Ok((url.to_owned(), None));
    };
    let refused = |scheme, problem| DownloadError::Url { url: format!("{scheme}{HIDDEN}{behind}"), problem };
    let Some((scheme, login)) = before.split_once("://") else {
        return Err(refused(String::new(), "it does not begin with https://"));
    };
    // The `@` may be of a path, and what stands before it a host with a name's or a password's beginning as its path.
    if login.contains(['/', '?', '#']) {
        let problem = "in a name or password / ? # are written %2F %3F %23, and in a path @ is written %40";
        return Err(refused(format!("{scheme}://"), problem));
    }
    Ok((format!("{scheme}://{behind}"), Some(header(login))))
}

fn header(login: &str) -> String {
    let mut bytes = decoded(login);
    if !login.contains(':') {
        bytes.push(b':');
    }
    format!("Basic {}", base64(&bytes))
}

/// `%2F` as what it means; what is none stays.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let digits =
            behind.get(..2).filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let byte = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &behind[2..] } else { behind };
    }
    bytes
}

/// RFC 4648, with its padding.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = (0..3).fold(0, |number, i| number << 8 | usize::from(*three.get(i).unwrap_or(&0)));
        for i in 0..4 {
            let digit = char::from(BASE64[number >> (18 - 6 * i) & 63]);
            text.push(if i <= three.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_has_the_standards_own_examples() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn what_is_encoded_is_heard_as_what_it_means() {
        for (written, means) in [
            ("martin:secret", "martin:secret"),
            ("martin:s%2Fe%40%3f%25", "martin:s/e@?%"),
            ("m%C3%BC:100%:%zz%2", "mü:100%:%zz%2"),
            ("martin", "martin:"),
        ] {
            assert_eq!(header(written), format!("Basic {}", base64(means.as_bytes())), "{written}");
        }
    }

    #[test]
    fn an_address_loses_its_login_or_is_refused_without_showing_it() {
        for (url, rest, has_login) in [
            ("https://host/a", "https://host/a", false),
            ("https://martin:secret@host:1/a?b", "https://host:1/a?b", true),
            ("https://martin:sec@ret@host/", "https://host/", true),
            ("https://host/%40a", "https://host/%40a", false),
        ] {
            let (found, login) = split(url).unwrap();
            assert_eq!((found.as_str(), login.is_some()), (rest, has_login), "{url}");
        }
        for url in [
            "https://martin:sec/ret@host/a",
            "https://sec/@host/a",
            "https://martin:sec?ret@host/a",
            "https://martin:sec#ret@host/a",
            "https://martin:sec@host/ret@host/a",
            "martin:secret@host/a",
            "https:/martin:secret@host/a",
        ] {
            let told = split(url).unwrap_err().to_string();
            assert!(!told.contains("sec") && !told.contains("ret@") && told.contains("...@host/a"), "{told}");
        }
    }
}
