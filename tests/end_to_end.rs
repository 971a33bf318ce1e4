//! Real sockets to public-looking addresses, through the whole program: what `list`, `snapshot` and the agent show is
//! what there is, no more and no less. Needs root; see `lab`.

#![cfg(test)]

mod lab;
mod support;

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    io::{BufRead, BufReader},
    net::{IpAddr, SocketAddr},
    os::unix::fs::PermissionsExt,
    process::Stdio,
    time::{Duration, Instant},
};

use connmapperl::{
    components::theme::size,
    geo::{GeoSource, embedded::EmbeddedGeo},
    model::{Direction, Observation, Protocol},
    net::wire::DEFAULT_PORT,
    rules::Rules,
};
use serde::Deserialize;

use crate::{
    lab::{Expected, How, Lab, Target, target},
    support::{
        Home,
        picture::{Picture, distance_px},
        printed, shipped_rules,
    },
};

lab::entry!();

/// Connections, the country where the peer is, if that is beyond dispute, and the shipped rule that is theirs.
fn targets() -> Vec<(Target, Option<&'static str>, Option<&'static str>)> {
    vec![
        (target(How::Out, "1.1.1.1", 443, "firefox", 3), None, Some("Web Surfing")),
        (target(How::Out, "2606:4700:4700::1111", 443, "firefox", 2), None, Some("Web Surfing")),
        (target(How::Out, "151.101.1.140", 443, "curl", 1), None, Some("Web Surfing")),
        // Registries of five continents, at home.
        (target(How::Out, "193.0.6.139", 443, "chrome", 4), Some("NL"), Some("Web Surfing")),
        (target(How::Out, "200.160.2.3", 6667, "irssi", 1), Some("BR"), Some("IRC")),
        (target(How::Out, "196.216.2.6", 22, "ssh", 1), None, Some("SSH Out")),
        (target(How::Out, "202.12.29.194", 993, "thunderbird", 2), Some("AU"), Some("IMAP/S")),
        (target(How::In, "8.8.8.8", 22, "sshd", 2), Some("US"), Some("SSH In")),
        (target(How::In, "94.74.97.164", 80, "nginx", 5), None, Some("Webserver")),
        (target(How::In, "2001:4860:4860::8888", 443, "nginx", 1), None, Some("Webserver")),
        (target(How::Udp, "1.0.0.1", 443, "chrome", 2), None, Some("Web Surfing")),
        (target(How::Udp, "2606:4700:4700::1001", 443, "chrome", 1), None, Some("Web Surfing")),
        (target(How::Mapped, "9.9.9.9", 853, "stubby", 1), None, None),
        (target(How::Mapped, "141.1.1.1", 22, "ssh", 1), None, Some("SSH Out")),
        // Places of their own, so that each rule has a dot that no other one covers.
        (target(How::Out, "133.11.1.1", 993, "thunderbird", 1), Some("JP"), Some("IMAP/S")),
        (target(How::In, "168.167.1.1", 22, "sshd", 1), Some("BW"), Some("SSH In")),
    ]
}

fn lab_with_targets() -> Option<Lab> {
    Lab::with_targets(&targets().iter().map(|(target, ..)| *target).collect::<Vec<_>>())
}

/// The fields of a row of `list --json` that are looked at here.
#[derive(Clone, Debug, Deserialize)]
struct Row {
    event: Option<String>,
    protocol: Protocol,
    direction: Direction,
    program: String,
    local_address: IpAddr,
    local_port: u16,
    peer_address: IpAddr,
    peer_port: u16,
    rule: Option<String>,
    country: Option<String>,
    lat: Option<f32>,
    lon: Option<f32>,
}

/// What a row says of a connection: the sockets, and what the program makes of them.
type Said = (Expected, Option<String>, Option<String>);

impl Row {
    fn said(&self) -> Said {
        let service_port =
            if self.direction == Direction::Inbound { self.local_port } else { self.peer_port };
        let expected = Expected {
            protocol: self.protocol,
            direction: self.direction,
            program: self.program.clone(),
            peer_address: self.peer_address,
            service_port,
        };
        (expected, self.country.clone(), self.rule.clone())
    }
}

fn listed(lab: &Lab, home: &Home) -> Vec<Row> {
    let rules = shipped_rules();
    let mut list = home.connmapperl(&["list", "--json", "--config", rules.to_str().unwrap()]);
    let text = lab.home.run(|| printed(&mut list));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_list_is_exactly_what_there_is() {
    let Some(mut lab) = lab_with_targets() else { return };
    let home = Home::new();
    let table = EmbeddedGeo::open(Some(&home.path("cache"))).unwrap();
    let mut expected: Vec<Said> = targets()
        .into_iter()
        .flat_map(|(target, country, rule)| {
            let place = table.place(target.address);
            let found = place.and_then(|place| place.country).map(|country| country.to_string());
            if country.is_some() {
                assert_eq!(found.as_deref(), country, "{}", target.address);
            }
            assert!(found.is_some(), "{} has a country", target.address);
            let said = |sockets| (sockets, found.clone(), rule.map(str::to_owned));
            target.expected().map(said).collect::<Vec<_>>()
        })
        .collect();
    expected.sort();
    let said = |rows: &[Row]| {
        let mut said: Vec<Said> = rows.iter().map(Row::said).collect();
        said.sort();
        said
    };
    assert_eq!(said(&listed(&lab, &home)), expected);

    lab.end_program("firefox");
    expected.retain(|(sockets, ..)| sockets.program != "firefox");
    assert_eq!(said(&listed(&lab, &home)), expected, "what has ended is gone");
}

#[test]
fn the_agent_shows_the_same_sockets_as_the_list() {
    let Some(lab) = lab_with_targets() else { return };
    let home = Home::new();
    let text = lab.home.run(|| printed(&mut home.client(&["--once", "--json"])));
    let observations: Vec<Observation> = serde_json::from_str(&text).unwrap();
    let mut by_agent: Vec<_> = observations
        .into_iter()
        .map(|seen| (seen.protocol, seen.direction, seen.owner.name().to_owned(), seen.local, seen.peer))
        .collect();
    let mut by_list: Vec<_> = listed(&lab, &home)
        .into_iter()
        .map(|row| {
            let (local, peer) = ((row.local_address, row.local_port), (row.peer_address, row.peer_port));
            (row.protocol, row.direction, row.program, local.into(), peer.into())
        })
        .collect();
    by_agent.sort();
    by_list.sort();
    assert_eq!(by_agent.len(), lab.expected().len());
    assert_eq!(by_agent, by_list);
}

#[test]
fn the_picture_has_a_dot_of_the_rules_colour_at_every_place() {
    let Some(lab) = lab_with_targets() else { return };
    let home = Home::new();
    let rules_file = shipped_rules();
    let arguments =
        ["snapshot", "--size", "1920x1080", "-o", "map.png", "--config", rules_file.to_str().unwrap()];
    let mut snapshot = home.connmapperl(&arguments);
    let Some(picture) = lab.home.run(|| Picture::taken(&home, &mut snapshot)) else { return };

    let rules = Rules::parse(&std::fs::read(&rules_file).unwrap()).0;
    let view = picture.view();
    // Where rows share a place, one dot lies on another: the last one drawn may be any of them.
    let mut rules_at: BTreeMap<[u32; 2], Vec<Option<String>>> = BTreeMap::new();
    for row in listed(&lab, &home) {
        let place = [row.lon.unwrap(), row.lat.unwrap()].map(f32::to_bits);
        rules_at.entry(place).or_default().push(row.rule);
    }
    let dots: Vec<([f32; 2], Vec<Option<String>>)> = rules_at
        .into_iter()
        .map(|(place, mut labels)| {
            let [lon, lat] = place.map(f32::from_bits);
            labels.sort();
            labels.dedup();
            (view.px_from_lon_lat(lon, lat).px, labels)
        })
        .collect();

    let glow_px = size::DOT * (size::HALO + 1.0) * view.px_per_point;
    let mut checked = std::collections::BTreeSet::new();
    for (index, (at, labels)) in dots.iter().enumerate() {
        let alone = dots
            .iter()
            .enumerate()
            .all(|(other, (there, _))| other == index || distance_px(*at, *there) > glow_px);
        let ([Some(label)], true) = (labels.as_slice(), alone) else { continue };
        let rule = rules.rules().iter().find(|rule| *rule.label == **label).unwrap();
        let (rim, coloured) = picture.rim(*at, rule.color);
        assert!(rim >= 8 && coloured == rim, "{label} at {at:?}: {coloured} of {rim} pixels");
        checked.insert(label.as_str());
    }
    assert_eq!(
        checked.into_iter().collect::<Vec<_>>(),
        ["IMAP/S", "IRC", "SSH In", "SSH Out", "Web Surfing", "Webserver"],
        "a dot of each rule stands alone"
    );
}

#[test]
fn connections_of_a_few_milliseconds_are_listed_as_opened_and_closed() {
    const SHORT: usize = 40;
    let Some(mut lab) = Lab::new() else { return };
    let home = Home::new();
    // Its row tells that the program watches.
    lab.connect(&target(How::Out, "9.9.9.9", 853, "stubby", 1));
    lab.answer_on(443);
    let mut watch = home.connmapperl(&["list", "--json", "--watch"]);
    let mut child = lab.home.run(|| watch.stdout(Stdio::piped()).spawn()).unwrap();
    let mut rows = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str::<Row>(&line.unwrap()).unwrap());
    let first = rows.next().unwrap();
    assert_eq!((first.event.as_deref(), first.program.as_str()), (Some("open"), "stubby"));

    lab.program("curl").ask(&format!("short 193.0.6.139:443 {SHORT} 5"));
    lab.program("stubby").ask("close");
    let mut told: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    let mut stubby_closed = false;
    while !stubby_closed || told.values().flatten().count() < 2 * SHORT {
        let row = rows.next().expect("the program ended");
        let event = row.event.unwrap();
        if row.program == "stubby" {
            assert_eq!(event, "closed");
            stubby_closed = true;
            continue;
        }
        assert_eq!((row.peer_address.to_string().as_str(), row.peer_port), ("193.0.6.139", 443));
        assert_eq!((row.country.as_deref(), row.rule.as_deref()), (Some("NL"), Some("Web Surfing")));
        told.entry(row.local_port).or_default().push(event);
    }
    assert_eq!(told.len(), SHORT);
    assert!(told.values().all(|events| *events == ["opened", "closed"]), "{told:?}");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A line of `serve --no-gui` about an opened connection.
#[derive(Debug, Deserialize)]
struct Line {
    event: String,
    agent: String,
    protocol: Option<Protocol>,
    direction: Option<Direction>,
    program: Option<String>,
    local: Option<SocketAddr>,
    peer: Option<SocketAddr>,
    country: Option<String>,
}

impl Line {
    fn said(&self) -> Option<(Expected, Option<String>)> {
        let (direction, local, peer) = (self.direction?, self.local?, self.peer?);
        let service_port = if direction == Direction::Inbound { local.port() } else { peer.port() };
        let expected = Expected {
            protocol: self.protocol?,
            direction,
            program: self.program.clone()?,
            peer_address: peer.ip(),
            service_port,
        };
        Some((expected, self.country.clone()))
    }
}

#[test]
fn another_machine_is_told_exactly_what_there_is() {
    let Some(mut lab) = lab_with_targets() else { return };
    let home = Home::new();
    let table = EmbeddedGeo::open(Some(&home.path("cache"))).unwrap();
    let token =
        home.write("token", printed(&mut home.connmapperl(&["agents", "add", "home", "--fleet", "."])));
    fs::set_permissions(token, Permissions::from_mode(0o600)).unwrap();
    let listen = format!("{}:{DEFAULT_PORT}", lab::WORLD_V4);
    let serve = ["serve", "--no-gui", "--fleet", ".", "--log", "lines", "--listen", &listen];
    let mut display = lab.world.run(|| Running::start(home.connmapperl(&serve).stderr(Stdio::piped())));
    let mut said = BufReader::new(display.0.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("on another machine") {
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "{line}");
    }
    let agent = ["--server", &listen, "--cert", "server-cert.pem", "--token-file", "token"];
    let _agent = lab.home.run(|| Running::start(home.client(&agent).stderr(Stdio::null())));

    let lines = || -> Vec<Line> {
        let text = fs::read_to_string(home.path("lines")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    // The agent's own link is a connection too.
    let is_link = |line: &Line| line.peer.is_some_and(|peer| peer.port() == DEFAULT_PORT);
    let told = || -> Vec<(Expected, Option<String>)> {
        let lines = lines();
        assert!(lines.iter().all(|line| line.agent == "home" || line.event == "agent"), "{lines:?}");
        let opened = lines.iter().filter(|line| line.event == "opened" && !is_link(line));
        let mut told: Vec<_> = opened.filter_map(Line::said).collect();
        told.sort();
        told
    };
    let mut expected: Vec<(Expected, Option<String>)> = targets()
        .into_iter()
        .flat_map(|(target, ..)| {
            let country = table.place(target.address).and_then(|place| place.country);
            let said = |sockets| (sockets, country.map(|country| country.to_string()));
            target.expected().map(said).collect::<Vec<_>>()
        })
        .collect();
    expected.sort();
    wait_for("everything that is open", || told().len() >= expected.len());
    assert_eq!(told(), expected);

    let closed = || lines().iter().filter(|line| line.event == "closed").count();
    let of_nginx = expected.iter().filter(|(sockets, _)| sockets.program == "nginx").count();
    lab.end_program("nginx");
    wait_for("the ends of nginx's", || closed() >= of_nginx);
    assert_eq!(closed(), of_nginx);
}

/// A program that ends with the test.
struct Running(std::process::Child);

impl Running {
    fn start(command: &mut std::process::Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
