//! A server of files on this machine, over HTTP or HTTPS, that can misbehave in all the ways that servers do.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};

/// What a server does with a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum How {
    #[default]
    Well,
    /// Says that it is whole, and ends after so many bytes.
    CutAt(usize),
    /// The same, but keeps the connection open and silent.
    StallsAt(usize),
    /// Takes the question, and says nothing.
    IsSilent,
    IgnoresRange,
    /// Sends what was not asked for as if it were.
    WrongRange,
    /// Of a part sends no more than so many bytes, and says so.
    ShortPart(usize),
    /// Sends a part of another version than was asked for.
    OtherPart,
    /// Says that it has so many bytes, whatever it has.
    Claims(u64),
    /// Says no length.
    Chunked,
    Status(u16),
    /// Sends it to whoever says a name and a password.
    WantsLogin,
    /// Says with this status that it is there.
    Moved(u16, &'static str),
}

#[derive(Clone, Default)]
pub struct Served {
    pub body: Vec<u8>,
    pub etag: Option<&'static str>,
    pub last_modified: Option<&'static str>,
    pub how: How,
}

/// A question that was asked: its path and its headers, in lower case.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    headers: HashMap<String, String>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

#[derive(Clone, Default)]
struct Shared {
    files: Arc<Mutex<HashMap<String, Served>>>,
    requests: Arc<Mutex<Vec<Request>>>,
    bodies: Arc<Mutex<u64>>,
}

pub struct Server {
    pub base: String,
    shared: Shared,
}

impl Server {
    pub fn http() -> Self {
        Self::start(None)
    }

    /// With a certificate of its own, which is told as PEM.
    pub fn https() -> (Self, String) {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        (Self::start(Some(Arc::new(config))), made.cert.pem())
    }

    fn start(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let base = format!("{scheme}://{}", listener.local_addr().unwrap());
        let shared = Shared::default();
        let with = shared.clone();
        let accept = move || {
            for stream in listener.incoming().flatten() {
                let (with, tls) = (with.clone(), tls.clone());
                let answer = move || match tls {
                    None => with.answer(stream),
                    Some(config) => {
                        let connection = ServerConnection::new(config).unwrap();
                        with.answer(StreamOwned::new(connection, stream));
                    }
                };
                thread::Builder::new().name("served".into()).spawn(answer).unwrap();
            }
        };
        // Ends with the tests.
        thread::Builder::new().name("server".into()).spawn(accept).unwrap();
        Self { base, shared }
    }

    /// Serves a file at the address that its maker has, without `https://`.
    pub fn put(&self, address: &str, served: Served) {
        self.shared.files.lock().unwrap().insert(format!("/{address}"), served);
    }

    pub fn change(&self, address: &str, change: impl FnOnce(&mut Served)) {
        change(self.shared.files.lock().unwrap().get_mut(&format!("/{address}")).unwrap());
    }

    /// What was asked since this was asked last.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.shared.requests.lock().unwrap())
    }

    /// Bytes of bodies that were sent since this was asked last.
    pub fn body_bytes(&self) -> u64 {
        std::mem::take(&mut self.shared.bodies.lock().unwrap())
    }
}

trait Stream: Read + Write {
    fn end(&mut self);
}

impl Stream for TcpStream {
    fn end(&mut self) {}
}

impl Stream for StreamOwned<ServerConnection, TcpStream> {
    fn end(&mut self) {
        self.conn.send_close_notify();
        let _ = self.flush();
    }
}

impl Shared {
    /// One question a connection. What the other side makes of the answer is its business.
    fn answer(&self, mut stream: impl Stream) {
        let Some(request) = read_request(&mut stream) else { return };
        self.requests.lock().unwrap().push(request.clone());
        let served = self.files.lock().unwrap().get(&request.path).cloned();
        let served = served.unwrap_or(Served { how: How::Status(404), ..Served::default() });
        let _ = self.send(&mut stream, &request, &served);
        stream.end();
    }

    fn send(&self, stream: &mut impl Write, request: &Request, served: &Served) -> std::io::Result<()> {
        let Served { body, etag, last_modified, how } = served;
        let mut head = String::from("Connection: close\r\n");
        etag.iter().for_each(|etag| head += &format!("ETag: {etag}\r\n"));
        last_modified.iter().for_each(|time| head += &format!("Last-Modified: {time}\r\n"));
        let is_refused = *how == How::WantsLogin && request.header("authorization").is_none();
        if let How::Status(status) = if is_refused { &How::Status(401) } else { how } {
            return write!(stream, "HTTP/1.1 {status} So\r\nContent-Length: 5\r\n{head}\r\nSorry");
        }
        if *how == How::IsSilent {
            // For as long as the tests run.
            thread::park();
        }
        if let How::Moved(status, place) = how {
            return write!(
                stream,
                "HTTP/1.1 {status} So\r\nContent-Length: 0\r\nLocation: {place}\r\n{head}\r\n"
            );
        }
        let is_same = |name: &str| {
            let told = request.header(name);
            told.is_some() && (told == *etag || told == *last_modified)
        };
        if request.header("range").is_none() && (is_same("if-none-match") || is_same("if-modified-since")) {
            return write!(stream, "HTTP/1.1 304 Not Modified\r\n{head}\r\n");
        }
        let from = request
            .header("range")
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        let from: usize = from.filter(|_| *how != How::IgnoresRange && is_same("if-range")).unwrap_or(0);
        let length = body.len();
        if from > 0 && from >= length {
            return write!(
                stream,
                "HTTP/1.1 416 Range\r\nContent-Length: 0\r\nContent-Range: bytes */{length}\r\n{head}\r\n"
            );
        }
        let end = match how {
            How::ShortPart(most) if from > 0 => length.min(from + most),
            _ => length,
        };
        if from > 0 && *how == How::OtherPart {
            head = head.replace("ETag: \"", "ETag: \"not ");
        }
        match (from, how) {
            (0, _) => write!(stream, "HTTP/1.1 200 OK\r\n")?,
            (_, How::WrongRange) => {
                write!(
                    stream,
                    "HTTP/1.1 206 Part\r\nContent-Range: bytes {}-{}/{length}\r\n",
                    from - 1,
                    length - 1
                )?;
            }
            _ => write!(stream, "HTTP/1.1 206 Part\r\nContent-Range: bytes {from}-{}/{length}\r\n", end - 1)?,
        }
        let said = (end - from) as u64;
        let end = match how {
            How::CutAt(end) | How::StallsAt(end) => (*end).max(from),
            _ => end,
        };
        *self.bodies.lock().unwrap() += (end - from) as u64;
        if *how == How::Chunked {
            write!(stream, "Transfer-Encoding: chunked\r\n{head}\r\n")?;
            for chunk in body[from..end].chunks(1_000) {
                write!(stream, "{:x}\r\n", chunk.len())?;
                stream.write_all(chunk)?;
                stream.write_all(b"\r\n")?;
            }
            stream.write_all(b"0\r\n\r\n")?;
        } else {
            let claimed = if let How::Claims(bytes) = how { *bytes } else { said };
            write!(stream, "Content-Length: {claimed}\r\n{head}\r\n")?;
            stream.write_all(&body[from..end])?;
        }
        stream.flush()?;
        if matches!(how, How::StallsAt(_)) {
            // For as long as the tests run.
            thread::park();
        }
        Ok(())
    }
}

fn read_request(stream: &mut impl Read) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let pairs = lines.take_while(|line| !line.is_empty()).filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_lowercase(), value.trim().to_owned()))
    });
    Some(Request { path, headers: pairs.collect() })
}
