//! `ip2asn`: who holds an address and where it is, from the tables built into the program. No network is used.

use std::{
    io::{self, BufRead, BufWriter, Write},
    net::IpAddr,
    process::ExitCode,
    sync::Arc,
    time::SystemTime,
};

use anyhow::Context;
use clap::Parser;
use connmapperl::{
    geo::{
        GeoSource, Geography, SourceInfo,
        date::{Date, age_notice},
        embedded::EmbeddedGeo,
    },
    model::{Asn, NoPlace, Place},
};
use serde::Serialize;

/// Prints the autonomous system, its organisation and the place of IP addresses, offline.
#[derive(Parser)]
#[command(version, after_help = "Exit code: 0 when every address was read, 1 when one was not.")]
struct Options {
    /// IPv4 or IPv6 addresses; without any, standard input is read, one address a line.
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<String>,
    /// One JSON object a line for each address.
    #[arg(long)]
    json: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let embedded = EmbeddedGeo::open(None).context("the built-in geographic tables cannot be opened")?;
    let notice = embedded
        .info()
        .date
        .as_deref()
        .and_then(|date| age_notice(date, Date::from_system_time(SystemTime::now())));
    let geography = Geography::new(vec![Arc::new(embedded)]);
    let mut run =
        Run { geography, json: options.json, output: BufWriter::new(io::stdout().lock()), failed: false };
    let written = if options.addresses.is_empty() {
        run.lines(io::stdin().lock())
    } else {
        options.addresses.iter().try_for_each(|text| run.address(text, ""))
    };
    match written.and_then(|()| run.output.flush()) {
        // Whoever read the answers has enough of them: that is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
        other => other.context("the answers cannot be written")?,
    }
    if let Some(notice) = notice {
        eprintln!("ip2asn: {notice}");
    }
    Ok(if run.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

struct Run<W: Write> {
    geography: Geography,
    json: bool,
    output: BufWriter<W>,
    /// Some text was no address.
    failed: bool,
}

impl<W: Write> Run<W> {
    /// Answers line by line, so that a person or a program that waits for each answer gets it.
    fn lines(&mut self, mut input: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            if let Err(error) = input.read_until(b'\n', &mut line) {
                eprintln!("ip2asn: standard input: {error}");
                self.failed = true;
                break;
            }
            if line.is_empty() {
                break;
            }
            let text = String::from_utf8_lossy(&line);
            if !text.trim().is_empty() {
                self.address(text.trim(), &format!("line {number}: "))?;
                self.output.flush()?;
            }
        }
        Ok(())
    }

    fn address(&mut self, text: &str, at: &str) -> io::Result<()> {
        let Ok(address) = text.parse::<IpAddr>() else {
            eprintln!("ip2asn: {at}{text:?} is not an IP address");
            self.failed = true;
            return Ok(());
        };
        let answer = Answer::new(&self.geography, address);
        if self.json {
            serde_json::to_writer(&mut self.output, &answer)?;
            writeln!(self.output)
        } else {
            answer.write(&mut self.output)
        }
    }
}

/// What is known of an address; unknown fields are null.
#[derive(Serialize)]
struct Answer {
    address: IpAddr,
    asn: Option<Asn>,
    asn_source: Option<Source>,
    place: Option<Place>,
    place_source: Option<Source>,
    no_place: Option<NoPlace>,
}

#[derive(Serialize)]
struct Source {
    name: String,
    date: Option<String>,
}

impl From<&SourceInfo> for Source {
    fn from(info: &SourceInfo) -> Self {
        Self { name: info.name.clone(), date: info.date.clone() }
    }
}

impl Answer {
    fn new(geography: &Geography, address: IpAddr) -> Self {
        let (asn, asn_source) = geography.asn_with_source(address).unzip();
        let place = geography.locate_with_source(address);
        let no_place = place.as_ref().err().copied();
        let (place, place_source) = place.ok().unzip();
        Self {
            address,
            asn,
            asn_source: asn_source.map(Source::from),
            place,
            place_source: place_source.map(Source::from),
            no_place,
        }
    }

    fn write(&self, output: &mut impl Write) -> io::Result<()> {
        writeln!(output, "{}", self.address)?;
        match &self.asn {
            Some(asn) => writeln!(output, "  AS{} {}", asn.number, asn.organisation)?,
            None => writeln!(output, "  no autonomous system")?,
        }
        match &self.place {
            Some(place) => {
                let country = place.country.map(|country| country.to_string()).unwrap_or_default();
                let names = [&*place.city, &*place.region, &country];
                let names = names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ");
                writeln!(output, "  {names} ({:.2}, {:.2})", place.lat, place.lon)?;
            }
            None => writeln!(output, "  no place: {}", self.no_place.map_or("unknown", NoPlace::label))?,
        }
        for source in
            self.place_source.iter().chain(self.asn_source.iter().filter(|_| self.place_source.is_none()))
        {
            let date = source.date.as_deref().map(|date| format!(", {date}")).unwrap_or_default();
            writeln!(output, "  source: {}{date}", source.name)?;
        }
        Ok(())
    }
}
