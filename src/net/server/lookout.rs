//! What wakes a session besides bytes: an order, or a moment. To ask for both at each frame costs as much as to read the
//! frame, so they are asked once and wake the session's task from then on, until one of them has. Knows nothing of what
//! there is to do then.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    sync::watch,
    task::coop::has_budget_remaining,
    time::{Instant, Sleep, sleep_until},
};

use super::directory::Orders;

type NextOrder = Pin<Box<dyn Future<Output = watch::Receiver<Orders>> + Send>>;

pub struct Lookout {
    order: NextOrder,
    timer: Pin<Box<Sleep>>,
    moment: Instant,
    /// Both have been asked since they woke anybody.
    is_set: bool,
}

impl Lookout {
    pub fn new(orders: watch::Receiver<Orders>) -> Self {
        let now = Instant::now();
        let (order, timer) = (Box::pin(next_order(orders)), Box::pin(sleep_until(now)));
        Self { order, timer, moment: now, is_set: false }
    }

    /// Whoever has heard of an order by itself may have been woken by it too, and will not be woken again.
    pub const fn heard_order(&mut self) {
        self.is_set = false;
    }

    /// Ends when the task is woken, whatever for. To be asked last, by a task that now knows of all orders, and is always
    /// the same.
    pub fn woken(&mut self, moment: Instant, now: Instant) -> impl Future<Output = ()> {
        if self.moment != moment || self.moment <= now {
            // One that is over has woken whom it had to.
            self.is_set &= self.moment > now;
            self.moment = moment;
            self.timer.as_mut().reset(moment);
        }
        let mut is_first = true;
        poll_fn(move |context| {
            if !std::mem::replace(&mut is_first, false) {
                self.is_set = false;
                return Poll::Ready(());
            }
            if self.is_set { Poll::Pending } else { self.set(context) }
        })
    }

    fn set(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // A task that has done much in one turn is put off, and must ask again.
        self.is_set = has_budget_remaining();
        if let Poll::Ready(orders) = self.order.as_mut().poll(context) {
            self.order = Box::pin(next_order(orders));
            return Poll::Ready(());
        }
        self.timer.as_mut().poll(context)
    }
}

/// Waits until there is something new, or nobody who could say it.
async fn next_order(mut orders: watch::Receiver<Orders>) -> watch::Receiver<Orders> {
    // Both show when the session looks.
    let _ = orders.changed().await;
    orders
}
