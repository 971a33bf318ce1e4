//! The way from one part of a picture to another, for the map and for the address space: where the middle is and how large
//! the picture, at each share of the way. Who moves, and for how long, is for the views.

/// What is in the middle, in units of the picture, and how large the picture is: 1 shows all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    pub center: [f64; 2],
    pub zoom: f64,
}

impl Sight {
    /// On the way to another one: `share` of it is gone, 0 to 1. The zoom changes evenly to the eye, and the middle as fast as
    /// the picture is large, so that nothing races by.
    pub fn between(self, to: Self, share: f64) -> Self {
        let zoom = self.zoom * (to.zoom / self.zoom).powf(share);
        let way = match (1.0 / to.zoom - 1.0 / self.zoom, 1.0 / zoom - 1.0 / self.zoom) {
            (0.0, _) => share,
            (whole, gone) => gone / whole,
        };
        let center = [0, 1].map(|axis| self.center[axis] + (to.center[axis] - self.center[axis]) * way);
        Self { center, zoom }
    }
}

/// Slow at both ends.
pub fn eased(share: f64) -> f64 {
    share * share * (3.0 - 2.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_and_ends_where_it_should_and_never_turns_round() {
        let from = Sight { center: [0.0, 0.0], zoom: 1.0 };
        for zoom in [1.0, 1.0001, 300.0, 65_536.0] {
            let to = Sight { center: [8.0, -4.0], zoom };
            assert_eq!(from.between(to, 0.0), from);
            let end = from.between(to, 1.0);
            assert!((end.center[0] - 8.0).abs() < 1e-9 && (end.zoom / zoom - 1.0).abs() < 1e-9);
            let steps: Vec<Sight> = (0..=50).map(|step| from.between(to, f64::from(step) / 50.0)).collect();
            assert!(steps.is_sorted_by(|a, b| a.center[0] < b.center[0] && a.zoom <= b.zoom));
            // What is seen of the way in one step is about as much in each.
            let seen = |pair: &[Sight]| (pair[1].center[0] - pair[0].center[0]) * pair[1].zoom;
            assert!(steps.windows(2).all(|pair| seen(pair) <= 2.0 * 8.0 * zoom.ln().max(1.0) / 50.0 * 1.5));
        }
    }

    #[test]
    fn it_is_slow_at_both_ends() {
        assert_eq!([0.0, 0.5, 1.0].map(eased), [0.0, 0.5, 1.0]);
        assert!(eased(0.1) < 0.1 && eased(0.9) > 0.9);
    }
}
