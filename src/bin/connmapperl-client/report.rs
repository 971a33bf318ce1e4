//! Reports to a display: finds out which, and says how it goes.

use std::{
    fmt::Write,
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, anyhow, bail};
use connmapperl::net::{
    agent::{
        BackoffBounds, Bounds, CERTIFICATE_FILE, KeptSecret, MachineClock, Notice, Places, PulseBounds,
        SERVER_FILE, Secret, ServerAddress, Settings, TOKEN_FILE, run,
    },
    collector::{Collector, hostname},
    tls::Fingerprint,
    wire::{MAX_NAME_CHARS, clean},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{arguments::Arguments, complain};

const SERVER_VARIABLE: &str = "CONNMAPPERL_SERVER";
const TOKEN_VARIABLE: &str = "CONNMAPPERL_TOKEN";
/// Bytes of a certificate's or an address's file; a certificate with its whole chain has some 10,000.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

pub fn report(arguments: &Arguments) -> anyhow::Result<()> {
    let settings = settings(arguments)?;
    let collector = Collector::for_this_machine();
    if arguments.verbose {
        complain(&format!("reads sockets by: {}", collector.method().label()));
        collector.notes().iter().for_each(|note| complain(note));
    }
    let mut tell = |notice| print_notice(&notice, arguments.verbose);
    Ok(run(&settings, collector, told_to_end(), &mut tell)?)
}

fn print_notice(notice: &Notice, verbose: bool) {
    match notice {
        Notice::Connected { server, agent_name, program_version, resumes } => {
            let mut line = format!("reporting to {server} as {agent_name}");
            if verbose {
                let how = if *resumes { ", going on where the last link ended" } else { "" };
                // A String takes everything.
                let _ = write!(line, " (connmapperl {program_version}{how})");
            }
            complain(&line);
        }
        Notice::Failed { failure, is_new, again_after } => {
            if verbose {
                complain(&format!("{failure}; trying again in {:.1} s", again_after.as_secs_f32()));
            } else if *is_new {
                complain(&format!("{failure}; trying again until it works"));
            }
        }
        Notice::SecretRenewed => {
            if verbose {
                complain("has read another token or password from its file");
            }
        }
        Notice::SecretKept { problem } => {
            complain(&format!("{problem}; goes on with the token or password that it had"));
        }
        Notice::Nameless { problem } => {
            if verbose {
                complain(&format!(
                    "this machine has no /etc/machine-id, and a number for it cannot be kept ({problem}): the display \
                     will take it for another one when it has booted again"
                ));
            }
        }
    }
}

async fn told_to_end() {
    let mut signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    let [terminate, interrupt] = &mut signals;
    tokio::select! {
        () = came(terminate) => {}
        () = came(interrupt) => {}
    }
}

async fn came(signal: &mut io::Result<Signal>) {
    match signal {
        Ok(signal) => drop(signal.recv().await),
        // Then it ends the program without a last word.
        Err(_) => std::future::pending().await,
    }
}

fn settings(arguments: &Arguments) -> anyhow::Result<Settings> {
    let program = std::env::current_exe().ok();
    let places = Places::new(program.as_deref(), |name| std::env::var_os(name));
    let server = server(arguments, &places)?;
    let pin = pin(arguments, &places)?;
    let secret = secret(arguments, &places)?;

    let mut missing = String::new();
    let mut look = |is_missing: bool, what: &str, file: &str| {
        if is_missing {
            let paths: Vec<_> = places.candidates(file).map(|path| path.display().to_string()).collect();
            missing += &format!("\n  {what}, or a file {}", paths.join(" or "));
        }
    };
    look(
        server.is_none(),
        &format!("its address: --server HOST[:PORT], the variable {SERVER_VARIABLE}"),
        SERVER_FILE,
    );
    look(pin.is_none(), "its certificate: --cert FILE, --fingerprint SHA256", CERTIFICATE_FILE);
    look(
        secret.is_none(),
        &format!("the token: --token-file FILE, the variable {TOKEN_VARIABLE}"),
        TOKEN_FILE,
    );
    let (Some(server), Some(pin), Some(secret)) = (server, pin, secret) else {
        bail!(
            "too little is known of the display to report to; missing:{missing}\nTo see this machine's connections here: --print or --once"
        );
    };
    Ok(Settings {
        server,
        pin,
        secret,
        name: arguments
            .name
            .as_deref()
            .map(|name| clean(name.trim(), MAX_NAME_CHARS))
            .filter(|name| !name.is_empty())
            .map_or_else(hostname, Into::into),
        shortest_tick: Duration::from_millis(arguments.interval.into()),
        outbox: Bounds::default(),
        backoff: BackoffBounds::default(),
        pulse: PulseBounds::default(),
        state_folders: places.state_folders().to_vec(),
        clock: Arc::new(MachineClock),
    })
}

fn server(arguments: &Arguments, places: &Places) -> anyhow::Result<Option<ServerAddress>> {
    if let Some(server) = &arguments.server {
        return Ok(Some(server.clone()));
    }
    if let Some(text) = std::env::var_os(SERVER_VARIABLE) {
        let server = text.to_string_lossy().parse();
        return server.map(Some).with_context(|| format!("the variable {SERVER_VARIABLE}"));
    }
    let Some(path) = places.find(SERVER_FILE) else { return Ok(None) };
    let bytes = read(&path)?;
    let server = String::from_utf8_lossy(&bytes).parse();
    server.map(Some).with_context(|| path.display().to_string())
}

fn pin(arguments: &Arguments, places: &Places) -> anyhow::Result<Option<Fingerprint>> {
    if let Some(text) = &arguments.fingerprint {
        return Ok(Some(text.parse().context("--fingerprint")?));
    }
    let Some(path) = arguments.cert.clone().or_else(|| places.find(CERTIFICATE_FILE)) else {
        return Ok(None);
    };
    let pin = Fingerprint::of_pem(&read(&path)?);
    pin.map(Some).map_err(|error| anyhow!("{} cannot be the display's certificate: {error}", path.display()))
}

fn secret(arguments: &Arguments, places: &Places) -> anyhow::Result<Option<KeptSecret>> {
    if let Some(path) = &arguments.token_file {
        return Ok(Some(KeptSecret::from_file(places.secret_file(path.clone()))?));
    }
    if let Some(value) = std::env::var_os(TOKEN_VARIABLE) {
        return Ok(Some(KeptSecret::fixed(Secret::from_variable(value, TOKEN_VARIABLE)?)));
    }
    Ok(KeptSecret::from_first_of(places.secret_files())?)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes)
}
