//! Frames of the map with none, with 1,000 and with 20,000 dots of the flood scene, of which none, 1 % or all change.

use connmapperl::components::dots::{DOT_BYTES, Dots};

use super::{
    figures::{Figure, Figures, Goal},
    map::{Changing, Map, Measure, flood, median_of},
};

pub const SIZE_PX: [u32; 2] = [1280, 720];
const FLOOD: usize = 20_000;
const FRAMES: Measure = Measure::exactly(60);

/// On a software adapter.
const GOALS: [(usize, Changing, f64); 2] =
    [(FLOOD, Changing::OnePercent, 35.0), (FLOOD, Changing::All, 45.0)];

/// The middle one of 60 frames.
pub fn median_frame(map: &mut Map, changing: Changing) -> anyhow::Result<(f64, f64)> {
    let frames = map.frames(changing, FRAMES)?;
    Ok((median_of(&frames, |frame| frame.total), median_of(&frames, |frame| frame.world)))
}

pub fn bench(figures: &mut Figures) -> anyhow::Result<()> {
    let (look, open) = flood()?;
    let mut map = Map::new(look, SIZE_PX)?;
    figures.group(format!("frames at {}x{}, off screen, medians of {}", SIZE_PX[0], SIZE_PX[1], FRAMES.most));
    figures.graphics(map.adapter()?);
    let (mut empty, mut thousand) = (None, None);
    for dots in [0, 1_000, FLOOD] {
        map.show(open.iter().take(dots).cloned().collect());
        for changing in [Changing::Nothing, Changing::OnePercent, Changing::All] {
            if dots == 0 && changing != Changing::Nothing {
                continue;
            }
            let frames = map.frames(changing, FRAMES)?;
            let total = median_of(&frames, |frame| frame.total);
            let (name, changed) = match changing {
                Changing::OnePercent => ("1 %", dots / 100),
                Changing::All => ("all", dots),
                Changing::Nothing | Changing::View => ("nothing", 0),
            };
            let rows = map.world().resource::<Dots>().rows().len();
            figures.group(format!("{rows} dots, {name} changing"));
            let frame = || Figure::new("frame", total, "ms");
            let goal = GOALS.iter().find(|goal| map.is_software() && goal.0 == dots && goal.1 == changing);
            figures.add(match goal {
                Some((.., most)) => frame().goal(Goal::AtMost(*most)),
                None => frame(),
            });
            for (name, other) in [("one without dots", empty), ("one of 1,000 at rest", thousand)] {
                if let Some(other) = other {
                    figures.add(frame().beside(name, other));
                }
            }
            match (dots, changing) {
                (0, _) => empty = Some(total),
                (1_000, Changing::Nothing) => thousand = Some(total),
                _ => {}
            }
            let of_it = [
                ("of it before drawing", median_of(&frames, |frame| frame.world)),
                ("of it recorded", median_of(&frames, |frame| frame.record)),
                ("of it drawn by the adapter", median_of(&frames, |frame| frame.adapter)),
                ("processor time of all threads", median_of(&frames, |frame| frame.cpu)),
            ];
            for (name, millis) in of_it {
                figures.add(Figure::new(name, millis, "ms"));
            }
            let fair = Goal::AtMost((changed * DOT_BYTES) as f64);
            let uploaded = median_of(&frames, |frame| frame.written.dots as f64);
            figures.add(Figure::new("uploaded", uploaded, "bytes").goal(fair));
        }
    }
    Ok(())
}
