//! Every colour and size of the picture, in one place: dark and light, and the palette for rules without a colour of
//! their own. Shaders get them as uniforms, panels as egui colours.

use bevy::prelude::Resource;

use super::fleet::AGENT_COLOURS;
use crate::wall::ThemeName;

/// sRGB with straight alpha, as one writes it: `#RRGGBB` and a share of opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rgba {
    pub rgb: u32,
    pub alpha: f32,
}

const fn solid(rgb: u32) -> Rgba {
    Rgba { rgb, alpha: 1.0 }
}

const fn clear(rgb: u32, alpha: f32) -> Rgba {
    Rgba { rgb, alpha }
}

impl Rgba {
    pub const fn bytes(self) -> [u8; 3] {
        [(self.rgb >> 16) as u8, (self.rgb >> 8) as u8, self.rgb as u8]
    }

    /// Linear light with straight alpha, for blending on the graphics card.
    pub fn linear(self) -> [f32; 4] {
        let [r, g, b] = self.bytes().map(|byte| linear_from_srgb(f32::from(byte) / 255.0));
        [r, g, b, self.alpha]
    }

    pub fn egui(self) -> bevy_egui::egui::Color32 {
        let [r, g, b] = self.bytes();
        bevy_egui::egui::Color32::from_rgba_unmultiplied(r, g, b, (self.alpha * 255.0).round() as u8)
    }
}

/// The sRGB transfer function (IEC 61966-2-1).
pub fn linear_from_srgb(value: f32) -> f32 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// Everything that has a colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colours {
    pub ocean_top: Rgba,
    pub ocean_middle: Rgba,
    pub ocean_bottom: Rgba,
    pub land: Rgba,
    pub coast: Rgba,
    pub border: Rgba,
    pub graticule: Rgba,
    pub panel: Rgba,
    pub panel_edge: Rgba,
    pub hover: Rgba,
    pub text: Rgba,
    pub text_second: Rgba,
    pub text_faint: Rgba,
    pub good: Rgba,
    pub warning: Rgba,
    pub error: Rgba,
    pub accent: Rgba,
    /// Dots that match no rule.
    pub no_rule: Rgba,
    /// A stretch of the timeline that is selected: inside, and its edge.
    pub span: Rgba,
    pub span_edge: Rgba,
    /// Where the timeline has no record.
    pub hatch: Rgba,
    /// Circles of the history: inside, and their rim. Where hundreds lie on one another they add up to this colour, on
    /// which dots and texts must still show; so it is neither white nor black. Light adds up faster than paint does, so
    /// shares are smaller than they look.
    pub circle: Rgba,
    pub circle_rim: Rgba,
    /// Of the line along all addresses: it is to be followed, and to leave the dots the light.
    pub curve_alpha: f32,
}

/// How light falls on dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DotStyle {
    /// A bright core in a soft halo, on dark.
    Glowing,
    /// A plain disc with a darker rim, on paper.
    Printed,
}

#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    pub colours: Colours,
    /// Rings and lamps that tell agents apart.
    pub agents: [Rgba; AGENT_COLOURS],
    pub dot_style: DotStyle,
    /// Opacity of a fresh trail: the live dots stay the brightest.
    pub trail: f32,
    /// Opacity of trails that stay: of one connection, which is faint because neighbours lie over each other, and of very
    /// many at one place.
    pub exposure: [f32; 2],
    pub is_dark: bool,
}

impl Theme {
    pub const fn named(name: ThemeName) -> Self {
        match name {
            ThemeName::Dark => Self::DARK,
            ThemeName::Light => Self::LIGHT,
        }
    }

    pub const DARK: Self = Self {
        colours: Colours {
            ocean_top: solid(0x0B1119),
            ocean_middle: solid(0x090E15),
            ocean_bottom: solid(0x070A0F),
            land: solid(0x141D29),
            coast: solid(0x3D5067),
            border: solid(0x2A3646),
            graticule: clear(0xFFFFFF, 0.006),
            panel: clear(0x0C121A, 0.92),
            panel_edge: clear(0xFFFFFF, 0.07),
            hover: clear(0xFFFFFF, 0.06),
            text: solid(0xD7DEE8),
            text_second: solid(0x8492A6),
            text_faint: solid(0x7A889C),
            good: solid(0x4CD98A),
            warning: solid(0xFFB454),
            error: solid(0xFF6B6B),
            accent: solid(0x5AC8FA),
            no_rule: clear(0xB4C0D0, 0.8),
            span: clear(0xFFFFFF, 0.09),
            span_edge: clear(0xFFFFFF, 0.28),
            hatch: clear(0xFFFFFF, 0.1),
            circle: clear(0xB4C0D0, 0.011),
            circle_rim: clear(0xB4C0D0, 0.034),
            curve_alpha: 0.2,
        },
        agents: [
            solid(0xE8EEF6),
            solid(0x5AC8FA),
            solid(0xFFB454),
            solid(0xC58AF9),
            solid(0x4CD98A),
            solid(0xFF7AA8),
            solid(0xF4E04D),
            solid(0x7C9CFF),
        ],
        dot_style: DotStyle::Glowing,
        trail: 0.36,
        exposure: [0.2, 0.75],
        is_dark: true,
    };

    pub const LIGHT: Self = Self {
        colours: Colours {
            ocean_top: solid(0xF5F3EE),
            ocean_middle: solid(0xF5F3EE),
            ocean_bottom: solid(0xF2EFE9),
            land: solid(0xE7E2D8),
            coast: solid(0xA59C8B),
            border: solid(0xCDC5B7),
            graticule: clear(0x1F2933, 0.06),
            panel: clear(0xFBFAF7, 0.94),
            panel_edge: clear(0x1F2933, 0.14),
            hover: clear(0x1F2933, 0.06),
            text: solid(0x1F2933),
            text_second: solid(0x52606D),
            text_faint: solid(0x586370),
            good: solid(0x117141),
            warning: solid(0x8D5300),
            error: solid(0xB42318),
            accent: solid(0x0A659E),
            no_rule: clear(0x52606D, 0.8),
            span: clear(0x1F2933, 0.07),
            span_edge: clear(0x1F2933, 0.34),
            hatch: clear(0x1F2933, 0.14),
            circle: clear(0x8793A1, 0.07),
            circle_rim: clear(0x8793A1, 0.26),
            curve_alpha: 0.55,
        },
        agents: [
            solid(0x39424E),
            solid(0x0072B2),
            solid(0xB35C00),
            solid(0x7A3FB0),
            solid(0x00754F),
            solid(0xB0265E),
            solid(0x7A6A00),
            solid(0x2E4BB8),
        ],
        dot_style: DotStyle::Printed,
        trail: 0.7,
        exposure: [0.4, 0.9],
        is_dark: false,
    };

    pub const fn other(&self) -> Self {
        if self.is_dark { Self::LIGHT } else { Self::DARK }
    }
}

/// Colours that colour-blind people tell apart: those of Okabe and Ito (2008), and two more by lightness.
pub const OKABE_ITO: [Rgba; 10] = [
    solid(0x56B4E9),
    solid(0xE69F00),
    solid(0x009E73),
    solid(0xF0E442),
    solid(0x0072B2),
    solid(0xD55E00),
    solid(0xCC79A7),
    solid(0x999999),
    solid(0xFFFFFF),
    solid(0xFFAABB),
];

/// Colours of answers that are drawn on the map: of the palette above those that stand out on dark and on paper.
pub const PLOT_COLOURS: [Rgba; 6] =
    [solid(0xE69F00), solid(0xCC79A7), solid(0x56B4E9), solid(0x009E73), solid(0xD55E00), solid(0xF0E442)];

/// Sizes in points; one point is one pixel at 1080 lines of height and grows with the height beyond that.
pub mod size {
    pub const MARGIN: f32 = 20.0;
    pub const INNER: f32 = 16.0;
    pub const GRID: f32 = 8.0;
    pub const PANEL_RADIUS: u8 = 8;
    pub const TEXT_SMALL: f32 = 11.0;
    pub const TEXT: f32 = 12.5;
    pub const TEXT_LARGE: f32 = 14.0;
    pub const TEXT_TITLE: f32 = 18.0;
    /// Read from across a room.
    pub const TEXT_CAPTION: f32 = TEXT_TITLE * 1.6;
    /// The clock of a wall.
    pub const WALL_CLOCK: f32 = TEXT_TITLE * 2.0;
    /// Core radius of a dot.
    pub const DOT: f32 = 3.4;
    /// The same where a processor draws thousands of them.
    pub const PLAIN_DOT: f32 = 3.0;
    /// Radius at which a trail has faded away: what is seen of it is smaller than a dot.
    pub const TRAIL: f32 = 4.0;
    /// Halo radius in core radii.
    pub const HALO: f32 = 3.2;
    pub const COAST: f32 = 0.9;
    pub const BORDER: f32 = 0.7;
    /// Smaller windows than this, width and height, show no panels but the bottom line.
    pub const PANELS_FROM: [f32; 2] = [720.0, 420.0];
    /// Of the timeline: buttons, columns, and the times below them.
    pub const TRANSPORT: f32 = 24.0;
    pub const TIMELINE_BAR: f32 = 34.0;
    pub const TIMELINE_TICKS: f32 = 14.0;
    pub const TIMELINE_COLUMN: f32 = 3.0;
    /// Narrower windows than this have the timeline above the bottom line, not in it.
    pub const TIMELINE_BESIDE_FROM: f32 = 1_100.0;
    /// Share of its colour that is left of what is hidden on the map.
    pub const HIDDEN: f32 = 0.35;
    /// How far inside the edge a place beyond it is drawn.
    pub const EDGE_MARGIN: f32 = 9.0;
    /// Height at which one point is one pixel.
    pub const REFERENCE_HEIGHT_PX: f32 = 1080.0;
    /// Panels and text stay legible in small windows.
    pub const SMALLEST_SCALE: f32 = 1.0;
}

/// Physical pixels a point for a picture of this many lines on a screen with this scale factor.
pub fn px_per_point(height_px: f32, scale_factor: f32) -> f32 {
    (height_px / size::REFERENCE_HEIGHT_PX).max(size::SMALLEST_SCALE).max(scale_factor)
}

/// The same for a wall, whose text is a share of its height, or of its width where that is less: whoever looks stands as far
/// away.
pub fn px_per_point_on_wall(size_px: [f32; 2], text_scale: f32) -> f32 {
    (size_px[0].min(size_px[1]) / size::REFERENCE_HEIGHT_PX * text_scale).max(size::SMALLEST_SCALE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_text_of_a_wall_is_a_45th_of_its_height() {
        let usual = crate::wall::Scene::parse("[[view]]\nsecs = 60\n").unwrap().text_scale;
        for height in [720.0, 1080.0, 2160.0] {
            let text_px = size::TEXT_SMALL * px_per_point_on_wall([height * 16.0 / 9.0, height], usual);
            assert!(text_px >= height / 45.0, "{height}: {text_px}");
        }
    }

    /// Contrast of two opaque colours (WCAG 2.1).
    fn contrast(a: Rgba, b: Rgba) -> f32 {
        let luminance = |colour: Rgba| {
            let [r, g, b, _] = colour.linear();
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn all_text_has_contrast_of_at_least_4_5_on_everything_it_lies_on() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            let c = theme.colours;
            for text in [c.text, c.text_second, c.text_faint, c.good, c.warning, c.error, c.accent] {
                for ground in [c.ocean_top, c.ocean_bottom, c.land, Rgba { alpha: 1.0, ..c.panel }] {
                    let ratio = contrast(text, ground);
                    assert!(ratio >= 4.5, "{text:06X?} on {ground:06X?}: {ratio}");
                }
            }
        }
    }

    /// A colour as it is seen where it lies on an opaque one.
    fn over(top: Rgba, ground: Rgba) -> Rgba {
        let mixed = |shift: u32| {
            let byte = |colour: Rgba| ((colour.rgb >> shift) & 0xFF) as f32;
            (((byte(top) - byte(ground)) * top.alpha + byte(ground)).round() as u32) << shift
        };
        solid(mixed(16) | mixed(8) | mixed(0))
    }

    #[test]
    fn the_marks_of_the_timeline_stand_out_from_what_they_lie_on() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            let c = theme.colours;
            let selected = over(c.span, c.ocean_bottom);
            for ground in [c.ocean_bottom, selected] {
                for mark in [c.accent, c.good, c.text, over(c.no_rule, ground)] {
                    // Of WCAG 2.1, for what is no text.
                    assert!(contrast(mark, ground) >= 3.0, "{mark:06X?} on {ground:06X?}");
                }
                for text in [c.text, c.text_second, c.accent] {
                    assert!(contrast(text, ground) >= 4.5, "{text:06X?} on {ground:06X?}");
                }
            }
            let edge = over(c.span_edge, c.ocean_bottom);
            assert!(contrast(edge, c.ocean_bottom) > contrast(selected, c.ocean_bottom));
        }
    }
}
