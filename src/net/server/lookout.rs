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
        if let Poll::Ready(orders) = self.order.as_mut().poll(context) {
            self.order = Box::pin(next_order(orders));
            return Poll::Ready(());
        }
        let is_over = self.timer.as_mut().poll(context);
        // A task that has done much in one turn is put off, and must ask again.
        self.is_set = is_over.is_pending() && has_budget_remaining();
        is_over
    }
}

/// Waits until there is something new, or nobody who could say it.
async fn next_order(mut orders: watch::Receiver<Orders>) -> watch::Receiver<Orders> {
    // Both show when the session looks.
    let _ = orders.changed().await;
    orders
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, time::Duration};

    use tokio::time::{sleep, sleep_until};

    use super::*;

    const NEVER: Duration = Duration::from_secs(3_600);
    const PATIENCE: Duration = Duration::from_secs(60);

    fn run(test: impl AsyncFnOnce(watch::Sender<Orders>, Lookout)) {
        let (orders, receiver) = watch::channel(Orders { cut: None, name: "web1".into() });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { test(orders, Lookout::new(receiver)).await });
    }

    /// As where bytes come first.
    async fn ask_and_leave(lookout: &mut Lookout, moment: Instant) -> Poll<()> {
        let mut woken = pin!(lookout.woken(moment, Instant::now()));
        poll_fn(|context| Poll::Ready(woken.as_mut().poll(context))).await
    }

    /// Ends when the task is woken by what the lookout was asked for before.
    async fn wait(lookout: &mut Lookout, moment: Instant) {
        tokio::select! {
            biased;
            () = sleep(PATIENCE) => panic!("nobody woke it"),
            () = lookout.woken(moment, Instant::now()) => {}
        }
    }

    #[test]
    fn an_order_wakes_whoever_asked_once() {
        run(async |orders, mut lookout| {
            let never = Instant::now() + NEVER;
            for _ in 0..3 {
                assert_eq!(ask_and_leave(&mut lookout, never).await, Poll::Pending);
            }
            let order = tokio::spawn(async move {
                orders.send_modify(|_| {});
                orders
            });
            wait(&mut lookout, never).await;
            // Whoever was woken is woken again.
            let orders = order.await.unwrap();
            while ask_and_leave(&mut lookout, never).await.is_ready() {}
            let order = tokio::spawn(async move { orders.send_modify(|_| {}) });
            wait(&mut lookout, never).await;
            order.await.unwrap();
        });
    }

    #[test]
    fn an_order_that_came_with_bytes_does_not_hide_the_next() {
        run(async |orders, mut lookout| {
            let never = Instant::now() + NEVER;
            assert_eq!(ask_and_leave(&mut lookout, never).await, Poll::Pending);
            orders.send_modify(|_| {});
            lookout.heard_order();
            while ask_and_leave(&mut lookout, never).await.is_ready() {}
            let order = tokio::spawn(async move { orders.send_modify(|_| {}) });
            wait(&mut lookout, never).await;
            order.await.unwrap();
        });
    }

    #[test]
    fn a_moment_that_passed_with_bytes_does_not_hide_the_next() {
        run(async |_orders, mut lookout| {
            let moment = Instant::now() + Duration::from_millis(2);
            assert_eq!(ask_and_leave(&mut lookout, moment).await, Poll::Pending);
            sleep_until(moment).await;
            wait(&mut lookout, Instant::now() + Duration::from_millis(2)).await;
            // And one that is later than was asked for at first.
            assert_eq!(ask_and_leave(&mut lookout, Instant::now() + NEVER).await, Poll::Pending);
            wait(&mut lookout, Instant::now() + Duration::from_millis(2)).await;
        });
    }
}
