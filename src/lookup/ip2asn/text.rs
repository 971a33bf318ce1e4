//! Answers as text for people: in the form of the original `ip2asn.pl` where something is imported, else in a few lines.

use std::io::{self, Write};

use crate::{
    model::{NoPlace, Place},
    whois::{
        answer::{Answer, Delegation, Found, LeftOut, Object, Source},
        lookup::Depth,
        rpsl::keys::first_line_of,
    },
};

use super::{Reply, Wanted};
use crate::lookup::show::in_line;

/// Lines of one kind that a long answer has at most, where nobody asked for all.
const MOST_LINES: usize = 200;

/// What is known for one query.
///
/// # Errors
/// When nothing can be written.
pub fn reply(reply: &Reply, wanted: Wanted, depth: Depth, output: &mut impl Write) -> io::Result<()> {
    match &reply.whois {
        Some(answer) if depth == Depth::Full => full(reply, answer, wanted, output),
        answer => brief(reply, answer.as_ref(), wanted, output),
    }
}

fn brief(reply: &Reply, answer: Option<&Answer>, wanted: Wanted, output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "{}", in_line(&reply.query))?;
    match &reply.asn {
        Some(asn) => writeln!(output, "  AS{} {}", asn.number, asn.organisation)?,
        None => match answer.map(|answer| (answer.systems.first(), answer.aut_nums.first())) {
            Some((Some(name), _)) => writeln!(output, "  {} {}", name.of, name.name)?,
            // Its line follows.
            Some((None, Some(_))) => {}
            _ => writeln!(output, "  no autonomous system")?,
        },
    }
    match (&reply.place, reply.no_place) {
        (Some(place), _) => writeln!(output, "  {} ({:.2}, {:.2})", names(place), place.lat, place.lon)?,
        (None, Some(reason)) => writeln!(output, "  no place: {}", NoPlace::label(reason))?,
        (None, None) => {}
    }
    if let Some(answer) = answer {
        for delegation in &answer.delegations {
            let Delegation { registry, start, end, status, .. } = delegation;
            let country = delegation.country_code.as_deref().unwrap_or("-");
            let id = delegation.opaque_id.as_deref().unwrap_or("-");
            writeln!(output, "  {registry} {country} {start}-{end} {status} {id}")?;
        }
        answer.organisations.iter().try_for_each(|name| writeln!(output, "  {}", name.name))?;
        answer.aut_nums.iter().try_for_each(|object| writeln!(output, "  {}", aut_num(object)))?;
        if let Some(left_out) = left_out(&answer.left_out) {
            writeln!(output, "  {left_out}")?;
        }
        if wanted.peers {
            peers(answer, output)?;
        }
    }
    if wanted.explain {
        return explain(reply, output);
    }
    for source in
        reply.place_source.iter().chain(reply.asn_source.iter().filter(|_| reply.place_source.is_none()))
    {
        let date = source.date.as_deref().map(|date| format!(", {date}")).unwrap_or_default();
        writeln!(output, "  source: {}{date}", source.name)?;
    }
    Ok(())
}

/// What an aut-num is called, and what it says of itself first: more of that is an address more often than not.
fn aut_num(object: &Object) -> String {
    let value = |name| first_line_of(&object.text, name);
    let about = value("descr").or_else(|| value("owner"));
    [Some(&*object.title), value("as-name"), about].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What an answer has not, and how to get it.
fn left_out(LeftOut { delegations, of_holder, systems, objects }: &LeftOut) -> Option<String> {
    let counts = [
        (delegations, "of the registries' records"),
        (of_holder, "of the holder's records"),
        (systems, "of the holder's AS numbers, for their organisations"),
        (objects, "of routing registries' objects"),
    ];
    let counts: Vec<_> = counts
        .into_iter()
        .filter(|(count, _)| **count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    (!counts.is_empty()).then(|| format!("--- Left out: {}; ip2asn --all has them ---", counts.join(", ")))
}

fn full(reply: &Reply, answer: &Answer, wanted: Wanted, output: &mut impl Write) -> io::Result<()> {
    let query = in_line(&reply.query);
    let what = if query.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("as")) { "AS" } else { "IP" };
    let most = if wanted.all { usize::MAX } else { MOST_LINES };
    if answer.delegations.is_empty() {
        writeln!(output, "--- No Registry Information for: {query} ---")?;
    }
    for (i, delegation) in answer.delegations.iter().take(most).enumerate() {
        if i == 0 {
            writeln!(output, "--- Found {what} Information for: {query} ---")?;
        } else {
            writeln!(output, "---")?;
        }
        write_delegation(delegation, output)?;
    }
    if !answer.holder_asns.is_empty() {
        writeln!(output, "--- Associated ASN Records ---")?;
    }
    answer.organisations.iter().try_for_each(|name| writeln!(output, "{}", name.name))?;
    for Delegation { start, size, status, date, .. } in answer.holder_asns.iter().take(most) {
        let date = date.as_deref().unwrap_or("unknown");
        writeln!(output, "ASN: {start}, Count: {size}, Status: {status}, Date: {date}")?;
    }
    if !answer.holder_ranges.is_empty() {
        writeln!(output, "--- Associated Addresses ---")?;
    }
    for Delegation { start, end, status, date, .. } in answer.holder_ranges.iter().take(most) {
        let date = date.as_deref().unwrap_or("unknown");
        writeln!(output, "Range: {start} - {end}, Status: {status}, Date: {date}")?;
    }
    match (&reply.place, reply.no_place) {
        (Some(place), _) => writeln!(output, "{:.4}, {:.4} - {}", place.lat, place.lon, names(place))?,
        (None, Some(reason)) => writeln!(output, "no place: {}", NoPlace::label(reason))?,
        (None, None) => {}
    }
    if let Some(asn) = &reply.asn {
        writeln!(output, "{} - {:?}", asn.number, asn.organisation)?;
    }
    for name in &answer.systems {
        writeln!(output, "{}: {}", name.of, name.name)?;
    }
    let objects = [&answer.networks, &answer.routes, &answer.organisation_objects].into_iter().flatten();
    objects.into_iter().try_for_each(|object| write!(output, "\n{}", object.text))?;
    if wanted.peers {
        peers(answer, output)?;
    } else {
        answer.aut_nums.iter().try_for_each(|object| write!(output, "\n{}", object.text))?;
    }
    let beyond = |lists: &[&Vec<Delegation>]| -> u64 {
        lists.iter().map(|list| list.len().saturating_sub(most) as u64).sum()
    };
    let not_shown = LeftOut {
        delegations: answer.left_out.delegations + beyond(&[&answer.delegations]),
        of_holder: answer.left_out.of_holder + beyond(&[&answer.holder_asns, &answer.holder_ranges]),
        ..answer.left_out.clone()
    };
    if let Some(left_out) = left_out(&not_shown) {
        writeln!(output, "{left_out}")?;
    }
    if wanted.explain {
        explain(reply, output)?;
    }
    Ok(())
}

fn write_delegation(delegation: &Delegation, output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "Registry: {}", delegation.registry)?;
    writeln!(output, "Country Code: {}", delegation.country_code.as_deref().unwrap_or("none"))?;
    let is_asn = delegation.start.parse::<u32>().is_ok();
    writeln!(output, "Start {}: {}", if is_asn { "ASN" } else { "IP" }, delegation.start)?;
    let slash = if delegation.start.contains(':') { "/" } else { "" };
    writeln!(output, "Range Size: {slash}{}", delegation.size)?;
    writeln!(output, "Status: {}", delegation.status)?;
    writeln!(output, "Opaque ID: {}", delegation.opaque_id.as_deref().unwrap_or("none"))?;
    delegation.date.iter().try_for_each(|date| writeln!(output, "Date: {date}"))
}

fn names(place: &Place) -> String {
    let country = place.country.map(|country| country.to_string()).unwrap_or_default();
    let names = [&*place.city, &*place.region, &country];
    names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
}

fn peers(answer: &Answer, output: &mut impl Write) -> io::Result<()> {
    for object in &answer.aut_nums {
        let from = source_text(&object.source);
        writeln!(output, "--- {} Peers of {} ({from}) ---", object.peers.len(), object.title)?;
        for peer in &object.peers {
            let directions = match (peer.import, peer.export) {
                (true, true) => "import export",
                (true, false) => "import",
                (false, _) => "export",
            };
            writeln!(output, "{}: {directions}", peer.name)?;
        }
    }
    Ok(())
}

/// Which source says what, each once for each thing.
fn explain(reply: &Reply, output: &mut impl Write) -> io::Result<()> {
    let mut lines: Vec<String> = Vec::new();
    let mut add = |what: &str, source: String| {
        let line = in_line(&format!("{what}: {source}"));
        if !lines.contains(&line) {
            lines.push(line);
        }
    };
    if let Some(answer) = &reply.whois {
        let delegations = answer.delegations.iter().chain(&answer.holder_asns).chain(&answer.holder_ranges);
        delegations.for_each(|delegation| add("registry and holder", source_text(&delegation.source)));
        let names = answer.organisations.iter().chain(&answer.systems);
        names.for_each(|name| add("names", source_text(&name.source)));
        let objects = [&answer.networks, &answer.routes, &answer.organisation_objects, &answer.aut_nums];
        objects.into_iter().flatten().for_each(|object| add(&object.title, source_text(&object.source)));
    }
    let built_in = [("announced by", &reply.asn_source), ("place", &reply.place_source)];
    for (what, source) in built_in {
        if let Some(source) = source {
            add(what, format!("{} of {}", source.name, source.date.as_deref().unwrap_or("unknown date")));
        }
    }
    writeln!(output, "--- Sources ---")?;
    lines.iter().try_for_each(|line| writeln!(output, "{line}"))
}

fn source_text(source: &Source) -> String {
    let date = source.date.as_deref().unwrap_or("unknown date");
    let file = if source.file.is_empty() { String::new() } else { format!(", {}", source.file) };
    in_line(&format!("{} of {date}{file}", source.name))
}

/// A name, and what bears it.
///
/// # Errors
/// When nothing can be written.
pub fn found(found: &Found, wanted: Wanted, output: &mut impl Write) -> io::Result<()> {
    let country = found.country_code.as_deref().map(|country| format!(", {country}")).unwrap_or_default();
    write!(output, "{} ({}{country})", found.name, found.id)?;
    for (i, number) in found.asns.iter().enumerate() {
        write!(output, "{}AS{number}", if i == 0 { ": " } else { " " })?;
    }
    if wanted.explain {
        write!(output, " [{}]", source_text(&found.source))?;
    }
    writeln!(output)
}

/// An object as it was published.
///
/// # Errors
/// When nothing can be written.
pub fn object(object: &Object, wanted: Wanted, output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "{}", object.text)?;
    if wanted.explain {
        writeln!(output, "--- Sources ---\n{}: {}", object.title, source_text(&object.source))?;
    }
    Ok(())
}
