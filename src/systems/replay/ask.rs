//! What is asked of the past beside the tape: the timeline's figures, and the circles of what a filter leaves.

use std::{sync::Arc, time::Duration};

use bevy::{prelude::*, time::Real};

use crate::{
    components::{
        filtering::ActiveFilter,
        history_circles::HistoryCircles,
        inspect::Looks,
        time_travel::{DENSITY_STRETCHES, Only, PastLink, PastOrder, Span, TimeTravel, Timeline, Wishes},
    },
    tally::Tally,
};

/// The timeline is drawn anew so often while it is open: new connections show in it by then.
const DENSITY_EVERY: Duration = Duration::from_secs(20);
/// The timeline's thread rests so many times as long as it works.
const LEAST_OF_REST: u32 = 20;

/// A question of the timeline.
#[derive(Default)]
pub(in crate::systems) struct Asked {
    view: Option<Span>,
    at: Duration,
    /// Answers that there had been before.
    answers: u64,
}

/// For the timeline, when it is opened or moved or shows other connections, and now and then while it is open.
pub(in crate::systems) fn density(
    link: Option<Res<PastLink>>,
    time: Option<Res<Time<Real>>>,
    (timeline, filtered): (Res<Timeline>, Res<ActiveFilter>),
    (wishes, mut only): (Local<Wishes>, Local<Option<Only>>),
    mut asked: Local<Option<Asked>>,
) {
    let is_moved = asked.as_ref().is_some_and(|asked| asked.view != timeline.view);
    if filtered.is_changed() || !timeline.is_open || is_moved {
        // What is under way is of no use any more.
        if asked.take().is_some() {
            wishes.next();
        }
    }
    let Some(link) = link.filter(|_| timeline.is_open) else {
        return;
    };
    let now = time.map_or(Duration::ZERO, |time| time.elapsed());
    // What takes long comes less often, and never before the last one was answered.
    let every = DENSITY_EVERY.max(timeline.took * LEAST_OF_REST);
    let is_due = match &*asked {
        None => {
            *only = filtered.only(&wishes);
            true
        }
        Some(asked) => asked.answers != timeline.answers && now - asked.at >= every,
    };
    if !is_due {
        return;
    }
    // When the reader is busy with the last one, the newest view is asked for afterwards.
    let order = PastOrder::Density { view: timeline.view, stretches: DENSITY_STRETCHES, only: only.clone() };
    if link.sums.try_send(order).is_ok() {
        *asked = Some(Asked { view: timeline.view, at: now, answers: timeline.answers });
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
        // Work for the one before ends.
        wishes.next();
        *is_asked = false;
        let is_everything = filtered.0.is_everything();
        if !is_everything || history.is_filtered() {
            history.set_filtered((!is_everything).then(Tally::default));
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

/// What the history has near where somebody looked.
pub(in crate::systems) fn near(
    link: Option<Res<PastLink>>,
    (filtered, travel): (Res<ActiveFilter>, Res<TimeTravel>),
    mut looks: ResMut<Looks>,
) {
    if filtered.is_changed() {
        looks.bypass_change_detection().ask_anew();
    }
    let (Some(link), Some((number, look))) = (link, looks.not_asked()) else {
        return;
    };
    // In the past what lies there is from the history already.
    if !travel.is_now() {
        looks.bypass_change_detection().set_asked(number);
        return;
    }
    let order = PastOrder::Near { number, look, filter: Arc::clone(&filtered.0) };
    // Sums know places, and no addresses: those take longer.
    let reader = if look.picture.is_space() { &link.addresses } else { &link.sums };
    if reader.try_send(order).is_ok() {
        looks.bypass_change_detection().set_asked(number);
    }
}
