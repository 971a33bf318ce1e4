//! Frames of the map off the screen, with as many connections open as a very busy machine has, while some close and as many
//! open in each frame.

use std::{net::Ipv4Addr, sync::Arc};

use connmapperl::{
    enrich::{DataFolders, Sources},
    model::{ConnectionId, Located, LocatedConnection, Place, Traffic},
};

use super::{
    super::{
        figures::{Figure, Figures, Goal},
        frames::SIZE_PX,
        map::{Changing, Frame, Map, Measure, flood, median_of},
    },
    CONNECTIONS,
};

/// That open in each frame; as many close.
const OPEN_A_FRAME: usize = 1_000;
/// Of the map's clock: ten thousand changes a second are so many a frame.
const BETWEEN_FRAMES_MILLIS: i64 = 200;
/// Until as many dots fade as ever.
const FRAMES: Measure = Measure { warm_up: 16, ..Measure::exactly(60) };
/// Where a processor draws.
const FRAME_MILLIS: Goal = Goal::AtMost(50.0);

#[derive(Clone, Copy)]
enum Spread {
    OnePlace,
    /// As the tables place addresses.
    Addresses,
    /// Each at a place of its own: no place is.
    OwnPlaces,
}

pub fn bench(figures: &mut Figures) -> anyhow::Result<()> {
    let (look, open) = flood()?;
    let mut map = Map::new(look, SIZE_PX)?;
    let sources = Sources::open(&DataFolders::default());
    for (spread, name) in [
        (Spread::OnePlace, "all in one place"),
        (Spread::Addresses, "of addresses all over the world"),
        (Spread::OwnPlaces, "each in a place of its own"),
    ] {
        let place = |number: u64| -> Place {
            // Of a multiplicative sequence, so that no two are near each other.
            let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
            let known = open.iter().find_map(|it| it.place.clone().ok()).unwrap_or_else(nowhere);
            match spread {
                Spread::OnePlace => known,
                Spread::Addresses => {
                    let addresses = (0_u32..).map(|at| Ipv4Addr::from_bits(mixed as u32 ^ at << 20));
                    let places = addresses.take(64).map(|it| sources.geography().locate(it.into()));
                    places.flatten().next().unwrap_or(known)
                }
                Spread::OwnPlaces => {
                    let lat = (mixed & 0xffff) as f32 / 65_535.0 * 130.0 - 55.0;
                    Place { lat, lon: (mixed >> 16) as f32 / 65_535.0 * 360.0 - 180.0, ..known }
                }
            }
        };
        let mut all = Turning::new(&open, place);
        map.show(all.open.clone());
        figures.group(format!(
            "{CONNECTIONS} connections {name}, in {} places, off screen, medians of {} frames",
            all.places(),
            FRAMES.least
        ));
        figures.graphics(map.adapter()?);
        let still = map.frames(Changing::Nothing, FRAMES)?;
        tell(figures, "nothing changes", &still, None);
        let busy = map.frames_after(FRAMES, |map, _| all.turn_over(map, &place))?;
        let goal = map.is_software() && !matches!(spread, Spread::OwnPlaces);
        let name = format!("{OPEN_A_FRAME} open and as many close");
        tell(figures, &name, &busy, goal.then_some(FRAME_MILLIS));
    }
    Ok(())
}

fn tell(figures: &mut Figures, name: &str, frames: &[Frame], goal: Option<Goal>) {
    let median = |part: fn(&Frame) -> f64| median_of(frames, part);
    let total = Figure::new(format!("{name}: frame"), median(|frame| frame.total), "ms");
    figures.add(match goal {
        Some(goal) => total.goal(goal),
        None => total,
    });
    figures.add(Figure::new(format!("{name}: of it before drawing"), median(|frame| frame.world), "ms"));
    figures.add(Figure::new(format!("{name}: of it recorded"), median(|frame| frame.record), "ms"));
    figures.add(Figure::new(
        format!("{name}: of it drawn by the adapter"),
        median(|frame| frame.adapter),
        "ms",
    ));
    let main_thread = median(|frame| frame.main_thread);
    figures.add(Figure::new(format!("{name}: processor time of the main thread"), main_thread, "ms"));
    figures.add(Figure::new(
        format!("{name}: processor time of all threads"),
        median(|frame| frame.cpu),
        "ms",
    ));
    let dots = median(|frame| frame.written.dots as f64);
    figures.add(Figure::new(format!("{name}: uploaded"), dots, "bytes"));
}

fn nowhere() -> Place {
    Place { lat: 0.0, lon: 0.0, city: "".into(), region: "".into(), country: None }
}

/// Connections of which the oldest make room for new ones.
struct Turning {
    open: Vec<LocatedConnection>,
    oldest: usize,
    newest: u64,
}

impl Turning {
    fn new(scene: &[LocatedConnection], place: impl Fn(u64) -> Place) -> Self {
        let numbered = (1..).zip(scene.iter().cycle()).take(CONNECTIONS as usize);
        let open: Vec<_> = numbered
            .map(|(number, connection)| {
                let mut connection = connection.clone();
                connection.key.connection = ConnectionId(number);
                connection.place = Ok(place(number));
                connection
            })
            .collect();
        Self { newest: open.len() as u64, open, oldest: 0 }
    }

    fn places(&self) -> usize {
        let places = self.open.iter().filter_map(|it| it.place.as_ref().ok());
        let mut places: Vec<_> = places.map(|place| (place.lat.to_bits(), place.lon.to_bits())).collect();
        places.sort_unstable();
        places.dedup();
        places.len()
    }

    fn turn_over(&mut self, map: &mut Map, place: &impl Fn(u64) -> Place) -> anyhow::Result<()> {
        map.pass(BETWEEN_FRAMES_MILLIS);
        let unix_millis = map.now_unix_millis();
        for _ in 0..OPEN_A_FRAME {
            let connection = &mut self.open[self.oldest];
            self.oldest = (self.oldest + 1) % CONNECTIONS as usize;
            self.newest += 1;
            map.give(Located::Closed { key: connection.key, unix_millis, traffic: Traffic::default() })?;
            connection.key.connection = ConnectionId(self.newest);
            connection.opened_unix_millis = unix_millis;
            connection.place = Ok(place(self.newest));
            map.give(Located::Opened(Arc::new(connection.clone())))?;
        }
        Ok(())
    }
}
