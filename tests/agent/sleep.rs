//! A machine that sleeps, by a clock of the test's own: the time since the boot jumps, the monotonic time does not.

use std::{sync::Arc, time::Duration};

use connmapperl::net::{
    agent::{BackoffBounds, Failure, PulseBounds, Settings},
    collector::Collector,
    wire::messages::Reason,
};

use crate::{
    display::Display,
    in_process::{Agent, SleepyClock},
    resume::{Known, Pair},
    wait_for,
};

const LONG: Duration = Duration::from_secs(24 * 3_600);

/// Whatever it does before a day has passed, it does because the machine slept.
fn patient(clock: &Arc<SleepyClock>) -> impl FnOnce(&mut Settings) {
    let clock = Arc::clone(clock);
    move |settings| {
        settings.clock = clock;
        settings.backoff = BackoffBounds { first: LONG, longest: LONG };
        settings.pulse = PulseBounds { heartbeat: LONG, silence: LONG };
    }
}

#[test]
fn after_a_sleep_there_is_a_new_link_at_once_and_nothing_is_lost_or_doubled() {
    wait_for(async {
        let display = Display::new().await;
        let clock = Arc::<SleepyClock>::default();
        let agent = Agent::with(&display, Collector::for_this_machine, patient(&clock));
        let mut known = Known::default();
        let mut peer = display.welcome(0, true).await;
        let mut pairs = Vec::new();
        for hours in [1, 8, 1] {
            pairs.push(Pair::new());
            let newest = pairs.last().unwrap();
            known.hear_until(&mut peer, |known| known.count(newest.ports()) == 2).await;
            clock.sleep(hours * 3_600);
            // What the agent still says on the old link never arrives: the display knows what it knew.
            pairs.push(Pair::new());
            while peer.next().await.is_some() {}
            peer = display.welcome(known.position, false).await;
        }
        let all = &pairs;
        known.hear_until(&mut peer, |known| all.iter().all(|pair| known.count(pair.ports()) == 2)).await;
        assert_eq!(known.told.len() as u64, known.position - known.base);
        let failures = agent.failures();
        let slept: Vec<_> = failures
            .iter()
            .map(|failure| match failure {
                (Failure::Slept { secs, .. }, _, Duration::ZERO) => secs / 3_600,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(slept, [1, 8, 1]);
    });
}

#[test]
fn a_nap_between_two_heartbeats_leaves_the_link_alone() {
    wait_for(async {
        let display = Display::new().await;
        let clock = Arc::<SleepyClock>::default();
        let agent = Agent::with(&display, Collector::for_this_machine, patient(&clock));
        let mut known = Known::default();
        let mut peer = display.welcome(0, true).await;
        known.hear_until(&mut peer, |known| known.position > 0).await;
        clock.sleep(4);
        let pair = Pair::new();
        known.hear_until(&mut peer, |known| known.count(pair.ports()) == 2).await;
        assert_eq!(agent.failures(), []);
    });
}

#[test]
fn an_agent_that_waits_tries_again_once_the_machine_is_awake() {
    wait_for(async {
        let display = Display::new().await;
        let clock = Arc::<SleepyClock>::default();
        let _agent = Agent::new(&display, patient(&clock));
        for _ in 0..3 {
            let (peer, _) = display.greet().await;
            // It has called, so what it waits for from now on is a day or the machine's waking.
            peer.refuse(Reason::Version, "Too old.").await;
            clock.sleep(3_600);
        }
    });
}
