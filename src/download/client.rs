//! The connection: HTTPS with the authorities that the system trusts, and what a server answers to a question for a file
//! or the rest of one. Plain HTTP goes to this machine alone.

use std::{fs, io::Read, num::NonZeroU16, path::PathBuf, sync::Arc, time::Duration};

use ureq::{
    Agent, Proxy, ProxyProtocol, ResponseExt,
    http::{HeaderMap, Response, StatusCode, Uri},
    tls::{Certificate, PemItem, RootCerts, TlsConfig},
};

use super::{error::DownloadError, kept::Version, login};

/// So long a server may take to be found, to be connected to, and to begin an answer, each: one that is at work needs a
/// second or two.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Without a byte for so long in the middle of a file a server has gone away.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Files that move are a hop or two away; more is a circle.
const MOST_REDIRECTS: u32 = 5;
const HTTPS_PORT: u16 = 443;
/// Where distributions keep the certificates of authorities: Debian and Alpine, Fedora, openSUSE, older ones.
const ROOT_FILES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
const ROOT_VARIABLE: &str = "SSL_CERT_FILE";

/// A server that has everybody's files below the names of their hosts: a mirror, or a test.
#[derive(Clone)]
pub struct Base {
    /// Without a slash at its end, and without name and password: it is shown and written into indexes.
    url: String,
    /// As the server hears it, where name and password were given.
    login: Option<String>,
    is_loopback: bool,
}

impl Base {
    /// Takes an HTTPS address, or an HTTP one of this machine.
    ///
    /// # Errors
    /// Where it is neither.
    pub fn new(url: &str) -> Result<Self, DownloadError> {
        let (url, login) = login::split(url)?;
        let refused = |problem| DownloadError::Url { url: url.clone(), problem };
        let uri = url.parse::<Uri>().map_err(|_| refused("it cannot be read"))?;
        let host = uri.host().ok_or_else(|| refused("it names no host"))?;
        // The parser takes any, and the default one would be asked.
        let port =
            uri.authority().and_then(|authority| authority.as_str().strip_prefix(host)?.strip_prefix(':'));
        if port.is_some_and(|port| port.parse::<NonZeroU16>().is_err()) {
            return Err(refused("its port is no number from 1 to 65535"));
        }
        if url.contains(['?', '#']) {
            return Err(refused("behind a ? or # there are no files"));
        }
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        let is_loopback =
            host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback());
        // In small letters, however it was written.
        let scheme = match uri.scheme_str() {
            Some("https") => "https",
            Some("http") if is_loopback => "http",
            Some("http") => return Err(refused("plain HTTP is for this machine alone; use https")),
            _ => return Err(refused("it does not begin with https://")),
        };
        let behind = url[scheme.len()..].trim_end_matches('/');
        Ok(Self { url: format!("{scheme}{behind}"), login, is_loopback })
    }
}

pub struct Client {
    agent: Agent,
    base: Option<Base>,
    patience: Duration,
}

/// What a server says.
pub(super) enum Answer {
    Unchanged,
    Whole(Body),
    /// The rest from this byte on.
    From(u64, Body),
    /// There are no more than so many bytes, where it tells.
    NothingBehind(Option<u64>),
}

pub(super) struct Body {
    /// Bytes of the whole file, where the server tells.
    pub total: Option<u64>,
    pub reader: Box<dyn Read>,
}

impl Client {
    /// Connects to nobody yet. `patience` is how long a server may take to be found, connected to, and to begin an answer,
    /// each.
    ///
    /// # Errors
    /// Where the system has no certificates of authorities, or the environment names a proxy of a kind that cannot be
    /// asked.
    pub fn new(base: Option<Base>, patience: Duration) -> Result<Self, DownloadError> {
        let is_local = base.as_ref().is_some_and(|base| base.is_loopback);
        let is_plain = base.as_ref().is_some_and(|base| base.url.starts_with("http:"));
        let mut config = Agent::config_builder()
            .https_only(!is_plain)
            .http_status_as_error(false)
            // This machine's word that a file is elsewhere leads to no other.
            .max_redirects(if is_plain { 0 } else { MOST_REDIRECTS })
            .timeout_resolve(Some(patience))
            .timeout_connect(Some(patience))
            .timeout_recv_response(Some(patience))
            .timeout_per_read(Some(READ_TIMEOUT))
            .user_agent(concat!("ip2asn/", env!("CARGO_PKG_VERSION")))
            // Lengths and sums are those of the bytes that come.
            .accept_encoding("identity");
        if is_local {
            // What is asked of this machine is nobody else's.
            config = config.proxy(None);
        } else if let Some(proxy) = Proxy::try_from_env()
            && !matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https)
        {
            // Built without SOCKS, the connection would go past the proxy in silence.
            return Err(DownloadError::Proxy { host: proxy.host().to_owned() });
        }
        if !is_plain {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let roots = RootCerts::new_with_certs(&roots()?);
            let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(roots);
            config = config.tls_config(tls.build());
        }
        Ok(Self { agent: config.build().new_agent(), base, patience })
    }

    /// The address that is asked in place of this one.
    pub fn url(&self, url: &str) -> String {
        match &self.base {
            Some(base) => format!("{}/{}", base.url, url.trim_start_matches("https://")),
            None => url.to_owned(),
        }
    }

    /// Asks for an address of [`Self::url`], with name and password. Behind a redirect nobody hears these but the same server,
    /// which may say that it wants them there too: another port of its host may be anybody's.
    fn call(&self, url: &str, headers: &[(&str, &str)]) -> Result<Response<ureq::Body>, DownloadError> {
        let login = self.base.as_ref().and_then(|base| base.login.as_deref());
        let mut at = url.parse::<Uri>().map_err(|error| self.error(url)(ureq::Error::Http(error.into())))?;
        for _ in 0..=MOST_REDIRECTS {
            let mut request = self.agent.get(&at);
            for (name, value) in headers.iter().copied().chain(login.map(|login| ("Authorization", login))) {
                request = request.header(name, value);
            }
            let response = request.call().map_err(self.error(url))?;
            let there = response.get_uri();
            let is_asked_for = login.is_some() && response.status() == StatusCode::UNAUTHORIZED;
            if !is_asked_for || *there == at || !is_same_server(there, &at) {
                return Ok(response);
            }
            at = there.clone();
        }
        Err(self.error(url)(ureq::Error::TooManyRedirects))
    }

    /// Asks for a file: for the rest of it where so many bytes of a version are there already, and only where it is
    /// another version than an old one. Tells the version that comes, too.
    pub(super) fn get(
        &self,
        url: &str,
        there: Option<&(Version, u64)>,
        old: Option<&Version>,
    ) -> Result<(Answer, Version), DownloadError> {
        let (range, mut headers) = (there.map(|(_, bytes)| format!("bytes={bytes}-")), Vec::new());
        if let Some((version, _)) = there {
            headers.extend(range.as_deref().map(|range| ("Range", range)));
            headers.extend(version.condition().map(|condition| ("If-Range", condition)));
        } else if let Some(old) = old {
            headers.extend(old.etag.as_deref().map(|etag| ("If-None-Match", etag)));
            headers.extend(old.last_modified.as_deref().map(|time| ("If-Modified-Since", time)));
        }
        let response = self.call(url, &headers)?;
        let header = |name| text_of(response.headers(), name);
        let version =
            Version { url: url.to_owned(), etag: header("etag"), last_modified: header("last-modified") };
        let range = header("content-range").unwrap_or_default();
        let answer = match response.status().as_u16() {
            200 => Answer::Whole(body(response)),
            206 => {
                let (from, total) =
                    part(&range).ok_or_else(|| DownloadError::Range { url: url.to_owned() })?;
                let body = body(response);
                // A part may end before the file does.
                let total = total.or(body.total.map(|bytes| from.saturating_add(bytes)));
                Answer::From(from, Body { total, ..body })
            }
            304 if there.is_none() && old.is_some() => Answer::Unchanged,
            416 if there.is_some() => {
                Answer::NothingBehind(range.strip_prefix("bytes */").and_then(|total| total.parse().ok()))
            }
            status => return Err(DownloadError::Status { url: url.to_owned(), status }),
        };
        Ok((answer, version))
    }

    /// Asks for a file that may not be there.
    pub(super) fn get_if_there(&self, url: &str) -> Result<Option<Body>, DownloadError> {
        let response = self.call(url, &[])?;
        match response.status().as_u16() {
            200 => Ok(Some(body(response))),
            404 | 410 => Ok(None),
            status => Err(DownloadError::Status { url: url.to_owned(), status }),
        }
    }

    fn error(&self, url: &str) -> impl FnOnce(ureq::Error) -> DownloadError {
        move |source| match source {
            ureq::Error::Timeout(_) => {
                DownloadError::Silent { url: url.to_owned(), secs: self.patience.as_secs() }
            }
            source => DownloadError::Http { url: url.to_owned(), source: Box::new(source) },
        }
    }
}

/// Whether both are of one scheme, host and port.
fn is_same_server(one: &Uri, other: &Uri) -> bool {
    let port = |uri: &Uri| uri.port_u16().or_else(|| (uri.scheme_str()? == "https").then_some(HTTPS_PORT));
    let host = |uri: &Uri| uri.host().unwrap_or_default().to_ascii_lowercase();
    one.scheme() == other.scheme() && host(one) == host(other) && port(one) == port(other)
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn body(response: Response<ureq::Body>) -> Body {
    let total = response.body().content_length();
    Body { total, reader: Box::new(response.into_body().into_reader()) }
}

/// First byte of a part, and bytes of the whole where they are told: `bytes 700-999/1000`, or with `*` for the last.
fn part(range: &str) -> Option<(u64, Option<u64>)> {
    let (bytes, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    Some((bytes.split_once('-')?.0.parse().ok()?, total.parse().ok()))
}

/// The authorities that the system trusts.
fn roots() -> Result<Vec<Certificate<'static>>, DownloadError> {
    let named = std::env::var_os(ROOT_VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
    let found = || ROOT_FILES.iter().map(PathBuf::from).find(|path| path.is_file());
    let path = named.or_else(found).ok_or(DownloadError::NoRoots)?;
    let text = fs::read(&path).map_err(DownloadError::io(&path))?;
    // One that cannot be read is no use, and hides no other.
    let certificates: Vec<_> = ureq::tls::parse_pem(&text)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() { Err(DownloadError::NoRootsIn { path }) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for url in [
            "https://mirror.example/x/",
            "https://mirror.example:65535",
            "http://127.0.0.1:80",
            "http://[::1]:80/",
            "HTTP://LOCALHOST",
        ] {
            assert!(Base::new(url).is_ok(), "{url}");
        }
        for url in [
            "http://mirror.example",
            "http://127.0.0.1.example/",
            "ftp://127.0.0.1/",
            "mirror",
            "",
            "http://",
            "https:///x",
            "https://mirror.example:65536/",
            "https://mirror.example:0",
            "https://mirror.example:",
            "https://mirror.example:x",
            "https://mirror.example/?x=1",
            "https://mirror.example/#x",
            "https://mirror.example#x",
            " https://mirror.example",
            "https://mirror example",
        ] {
            assert!(Base::new(url).is_err(), "{url}");
        }
    }

    #[test]
    fn the_header_of_a_part_is_read() {
        assert_eq!(part("bytes 700-999/1000"), Some((700, Some(1_000))));
        assert_eq!(part("bytes 700-999/*"), Some((700, None)));
        for range in ["", "bytes", "bytes */1000", "bytes 700-999", "lines 1-2/3", "bytes -1-2/3"] {
            assert_eq!(part(range), None, "{range}");
        }
    }

    #[test]
    fn a_base_has_files_below_the_names_of_their_hosts() {
        let client = Client::new(Some(Base::new("http://127.0.0.1:1/m/").unwrap()), PATIENCE).unwrap();
        assert_eq!(client.url("https://a.example/b.gz"), "http://127.0.0.1:1/m/a.example/b.gz");
    }

    #[test]
    fn another_port_is_another_server() {
        let is_same =
            |other: &str| is_same_server(&"https://A.example/x".parse().unwrap(), &other.parse().unwrap());
        assert!(is_same("https://a.example:443/y?z"));
        for other in ["https://a.example:8443/x", "http://a.example/x", "https://b.example/x"] {
            assert!(!is_same(other), "{other}");
        }
    }
}
