//! Frames of the address space while it is panned, with a million addresses of history and thousands of dots on it, beside
//! the same pan with nothing on it; and what it costs to open it.

use bevy::prelude::*;
use connmapperl::{
    components::{
        action::{Pane, SpaceAction, UiAction},
        hilbert_view::HilbertView,
        space_heat::{Meant, SpaceHeat},
    },
    hilbert::{Peers, Prefix},
};

use super::{
    figures::{Figure, Figures, Goal},
    frames::SIZE_PX,
    map::{Map, flood},
    median,
};

const FRAMES: usize = 40;
const WARM_UP: usize = 4;
const ADDRESSES: u32 = 1_000_000;
/// Pan over all of that over pan over nothing, on a software adapter.
const GOAL: Goal = Goal::AtMost(2.0);
/// A drag, in pixels a frame.
const DRAG: [f32; 2] = [7.0, 4.0];

pub fn bench(figures: &mut Figures) -> anyhow::Result<()> {
    let (look, open) = flood()?;
    let mut map = Map::new(look, SIZE_PX)?;
    figures.group(format!("address space, panned by a drag at 1280x720, medians of {FRAMES}"));
    figures.graphics(map.adapter()?);
    let opening = map.ask(UiAction::Space(SpaceAction::Toggle))?;
    figures.add(Figure::new("opening it, before drawing", opening, "ms"));
    let views: [(&str, Prefix); 3] = [
        ("/4", Prefix::of(0x5000_0000, 4)),
        ("/12", Prefix::of(0x0900_0000, 12)),
        ("/20", Prefix::of(0x0909_0000, 20)),
    ];
    let empty: Vec<f64> = views.iter().map(|(_, block)| pan(&mut map, *block)).collect::<Result<_, _>>()?;
    fill(&mut map);
    map.show(open);
    for ((name, block), empty) in views.into_iter().zip(empty) {
        let full = pan(&mut map, block)?;
        let pan = Figure::new(format!("pan at {name}"), full, "ms").beside("one over nothing", empty);
        figures.add(if map.is_software() { pan.goal(GOAL) } else { pan });
    }
    Ok(())
}

fn pan(map: &mut Map, block: Prefix) -> anyhow::Result<f64> {
    map.world().resource_mut::<HilbertView>().show_block(block);
    let mut frames = Vec::new();
    for frame in 0..WARM_UP + FRAMES {
        // To and fro, that no edge stops it.
        let way = if frame / 10 % 2 == 0 { 1.0 } else { -1.0 };
        map.world().write_message(UiAction::PanPx { pane: Pane::Main, delta: DRAG.map(|px| px * way) });
        let took = map.frame()?;
        if frame >= WARM_UP {
            frames.push(took);
        }
    }
    Ok(median(frames))
}

/// A million addresses, half of them anywhere and half in one /12.
fn fill(map: &mut Map) {
    let mut peers = Box::<Peers>::default();
    let mut random = 0x9e37_79b9_u32;
    for at in 0..ADDRESSES {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        let key = if at % 2 == 0 { random } else { 0x0900_0000 | random & 0x000f_ffff };
        peers.add(std::net::Ipv4Addr::from_bits(key).into(), 1_764_000_000_000, None);
    }
    let mut heat = map.world().resource_mut::<SpaceHeat>();
    let meant =
        heat.meant.clone().unwrap_or(Meant { span: None, filter: Default::default(), is_forgetting: false });
    heat.ask(meant, 0);
    heat.put(peers);
}
