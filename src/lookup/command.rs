//! Runs a program of the user's choice for one address and gives what it says as text. It is started directly, never
//! through a shell, in a process group of its own, without input. What it may take of time and memory is limited, and it
//! is ended with its children when it takes longer or the caller gives up. Waiting for it stands in `running`.

mod running;

use std::{
    ffi::OsStr,
    fmt,
    io::{self, PipeReader},
    net::IpAddr,
    os::unix::process::CommandExt,
    process::{self, Stdio},
    sync::atomic::AtomicBool,
    time::Duration,
};

use thiserror::Error;

use self::running::Running;
use super::show;

/// Of what a program says; the rest is counted. Some 20,000 lines; the longest whois answers have a thousand.
pub const KEPT_BYTES: usize = 1 << 20;
/// A whois client asks up to three servers, one after the other, and slow ones take seconds each.
pub const WHOIS_TIME_LIMIT: Duration = Duration::from_secs(30);

/// A program and its arguments, as the user set it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// A path, or a name that is looked for in `PATH`. Nothing is replaced in it.
    pub program: String,
    /// `{ip}`, `{port}` and `{asn}` within an argument are replaced by what stands in [`Subject`]; other braces, `{host}`
    /// among them, stay.
    pub arguments: Vec<String>,
}

/// What a program is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    pub ip: IpAddr,
    pub port: Option<u16>,
    /// The number, without `AS`.
    pub asn: Option<u32>,
}

/// How a program ended; its `Display` says so in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Exited(i32),
    /// Number of the signal that ended it.
    Killed(i32),
    /// It took longer than this, and was ended.
    TimedOut(Duration),
    Cancelled,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Exited(0) => write!(f, "ended without an error"),
            Self::Exited(code) => write!(f, "ended with error code {code}"),
            Self::Killed(signal) => {
                let name =
                    rustix::process::Signal::from_named_raw(*signal).map(|signal| format!(" ({signal:?})"));
                write!(f, "was ended by signal {signal}{}", name.unwrap_or_default())
            }
            Self::TimedOut(limit) => {
                write!(f, "was ended because it took longer than {} s", limit.as_secs_f64())
            }
            Self::Cancelled => write!(f, "was cancelled"),
        }
    }
}

/// What a program said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Output and error output as they came, at most [`KEPT_BYTES`] of them. Bytes that are no UTF-8 and control characters
    /// are replaced by U+FFFD; lines end with LF.
    pub text: String,
    /// Bytes that came after those in `text`.
    pub left_out_bytes: u64,
    pub end: End,
}

#[derive(Debug, Error)]
pub enum CommandError {
    #[error("{program} is not installed{advice}")]
    NotInstalled { program: String, advice: &'static str },
    #[error("{program} may not be run: permission denied")]
    NotPermitted { program: String },
    #[error("{program} cannot be run: {source}")]
    NotStarted { program: String, source: io::Error },
    /// It was ended.
    #[error("{program}: its output cannot be read: {source}")]
    NotRead { program: String, source: io::Error },
    #[error("{program} wants {placeholder}, which is not known of {ip}")]
    NotKnown { program: String, placeholder: &'static str, ip: IpAddr },
}

impl Command {
    /// The system's whois client, asked about the address.
    pub fn whois() -> Self {
        Self { program: "whois".to_owned(), arguments: vec!["{ip}".to_owned()] }
    }

    /// Runs it to its end, and blocks until then: for `limit` at most, or until `cancelled` is set and seen, which takes a
    /// twentieth of a second. Processes that it leaves behind when it ends by itself go on.
    ///
    /// # Errors
    /// If it cannot be started or read, or an argument names what is not known. Its own failure is an [`End`].
    pub fn run(
        &self,
        subject: &Subject,
        limit: Duration,
        cancelled: &AtomicBool,
    ) -> Result<Answer, CommandError> {
        let arguments: Result<Vec<_>, _> =
            self.arguments.iter().map(|argument| self.filled(argument, subject)).collect();
        let (running, output) = self.start(&arguments?).map_err(|error| self.not_started(error))?;
        let said = running
            .until_its_end(output, limit, cancelled)
            .map_err(|source| CommandError::NotRead { program: self.program.clone(), source })?;
        Ok(Answer { text: show::text(&said.kept), left_out_bytes: said.left_out_bytes, end: said.end })
    }

    /// From left to right, so that nothing is replaced in what was put in.
    fn filled(&self, argument: &str, subject: &Subject) -> Result<String, CommandError> {
        let known = [
            ("{ip}", Some(subject.ip.to_string())),
            ("{port}", subject.port.map(|port| port.to_string())),
            ("{asn}", subject.asn.map(|asn| asn.to_string())),
        ];
        let mut filled = String::new();
        let mut rest = argument;
        while let Some(at) = rest.find('{') {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            match known.iter().find(|(placeholder, _)| rest.starts_with(placeholder)) {
                Some((placeholder, Some(value))) => {
                    filled.push_str(value);
                    rest = &rest[placeholder.len()..];
                }
                Some((placeholder, None)) => {
                    let program = self.program.clone();
                    return Err(CommandError::NotKnown { program, placeholder, ip: subject.ip });
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        Ok(filled + rest)
    }

    fn start(&self, arguments: &[impl AsRef<OsStr>]) -> io::Result<(Running, PipeReader)> {
        // One pipe for both, so that errors stand where they came.
        let (output, input) = io::pipe()?;
        rustix::io::ioctl_fionbio(&output, true)?;
        let child = process::Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(input.try_clone()?)
            .stderr(input)
            .process_group(0)
            .spawn()?;
        Ok((Running::new(child), output))
    }

    fn not_started(&self, source: io::Error) -> CommandError {
        let program = self.program.clone();
        match source.kind() {
            io::ErrorKind::NotFound => {
                let advice =
                    if program == "whois" { "; most systems have it as the package whois" } else { "" };
                CommandError::NotInstalled { program, advice }
            }
            io::ErrorKind::PermissionDenied => CommandError::NotPermitted { program },
            _ => CommandError::NotStarted { program, source },
        }
    }
}

/// Asks the system's whois client about an address; see [`Command::run`].
///
/// # Errors
/// If it is not installed, which the message says, or cannot be run.
pub fn whois(ip: IpAddr, cancelled: &AtomicBool) -> Result<Answer, CommandError> {
    Command::whois().run(&Subject { ip, port: None, asn: None }, WHOIS_TIME_LIMIT, cancelled)
}
