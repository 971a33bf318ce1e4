//! What is asked of the past beside the tape: the timeline's figures, and the circles of what a filter leaves.

use std::time::Duration;

use bevy::{prelude::*, time::Real};

use crate::{
    components::{
        filtering::ActiveFilter,
        history_circles::HistoryCircles,
        time_travel::{DENSITY_STRETCHES, PastLink, PastOrder, Span, Timeline, Wishes},
    },
    tally::Tally,
};

/// The timeline is drawn anew so often while it is open: new connections show in it by then.
const DENSITY_EVERY: Duration = Duration::from_secs(20);
/// The timeline's thread rests so many times as long as it works.
const LEAST_OF_REST: u32 = 20;

/// For the timeline, when it is opened or moved or shows other connections, and now and then while it is open.
pub(in crate::systems) fn density(
    link: Option<Res<PastLink>>,
    time: Option<Res<Time<Real>>>,
    (timeline, filtered): (Res<Timeline>, Res<ActiveFilter>),
    wishes: Local<Wishes>,
    mut asked: Local<Option<(Option<Span>, Duration)>>,
) {
    if !timeline.is_open {
        *asked = None;
        return;
    }
    let Some(link) = link else {
        return;
    };
    if filtered.is_changed() {
        *asked = None;
        wishes.next();
    }
    let now = time.map_or(Duration::ZERO, |time| time.elapsed());
    // What takes long comes less often.
    let every = DENSITY_EVERY.max(timeline.took * LEAST_OF_REST);
    let is_due = asked.is_none_or(|(view, at)| view != timeline.view || now - at >= every);
    if !is_due {
        return;
    }
    // When the reader is busy with the last one, the newest view is asked for afterwards.
    let only = filtered.only(&wishes);
    let order = PastOrder::Density { view: timeline.view, stretches: DENSITY_STRETCHES, only };
    if link.sums.try_send(order).is_ok() {
        *asked = Some((timeline.view, now));
    }
}

/// The circles of what the filter leaves, while they are shown: from the recording, and what is counted from then on.
pub(in crate::systems) fn places(
    link: Option<Res<PastLink>>,
    filtered: Res<ActiveFilter>,
    mut history: ResMut<HistoryCircles>,
    wishes: Local<Wishes>,
    mut is_asked: Local<bool>,
) {
    if filtered.is_changed() {
        *is_asked = false;
        let wish = filtered.only(&wishes);
        if wish.is_some() || history.is_filtered() {
            history.set_filtered(wish.map(|_| Tally::default()));
        }
    }
    if !history.shown || *is_asked {
        return;
    }
    let (Some(link), Some(only)) = (link, filtered.only(&wishes)) else {
        return;
    };
    *is_asked = link.sums.try_send(PastOrder::Places { only }).is_ok();
}
