//! Every key and gesture in one table: what the program obeys, the help overlay shows and the README lists.

use bevy::input::keyboard::{Key, KeyCode};

use super::{
    action::{CardAction, Pane, SpaceAction, UiAction},
    time_travel::TimeAction,
};

/// A key that does something, as the user reads it and as it arrives.
#[derive(Clone, Debug)]
pub struct KeyBinding {
    /// As printed on the keyboard.
    pub keys: &'static str,
    pub does: &'static str,
    pub codes: &'static [KeyCode],
    pub shift: bool,
    pub action: UiAction,
}

/// A gesture of the pointer; only described here, recognised in `systems/pointer`.
pub struct Gesture {
    pub gesture: &'static str,
    pub does: &'static str,
}

/// Keys, in the order in which they are shown.
pub static KEYS: [KeyBinding; 38] = [
    key("t", "all text on or off", &[KeyCode::KeyT], false, UiAction::ToggleAllText),
    key("c", "read the rules file again", &[KeyCode::KeyC], false, UiAction::ReloadRules),
    key("f  F11", "full screen", &[KeyCode::KeyF, KeyCode::F11], false, UiAction::ToggleFullscreen),
    key("Home", "whole world", &[KeyCode::Home], false, UiAction::ShowWhole(Pane::Main)),
    key(
        "z",
        "all addresses on a Hilbert curve, or the world",
        &[KeyCode::KeyZ],
        false,
        space(SpaceAction::Toggle),
    ),
    key(
        "Shift+z",
        "all addresses in a window of their own",
        &[KeyCode::KeyZ],
        true,
        space(SpaceAction::ToggleWindow),
    ),
    key("6", "of IPv6, or of IPv4", &[KeyCode::Digit6], false, space(SpaceAction::ToggleFamily)),
    key("y", "what colours of addresses stand for", &[KeyCode::KeyY], false, space(SpaceAction::NextColour)),
    key("v", "line along all addresses", &[KeyCode::KeyV], false, space(SpaceAction::ToggleCurve)),
    key("u", "columns for rows of the curve", &[KeyCode::KeyU], false, space(SpaceAction::Transpose)),
    key("d", "dark or light", &[KeyCode::KeyD], false, UiAction::ToggleTheme),
    key("b", "colours for the colour-blind", &[KeyCode::KeyB], false, UiAction::TogglePalette),
    key(
        "a",
        "list of all sockets",
        &[KeyCode::KeyA],
        false,
        UiAction::OpenList(super::action::ListKind::All),
    ),
    key("/", "filter: what is shown, counted and listed", &[KeyCode::Slash], false, UiAction::ToggleFilter),
    key(
        "i",
        "look up an address, an AS number or a name",
        &[KeyCode::KeyI],
        false,
        UiAction::Card(CardAction::LookUp),
    ),
    key("q", "ask the history in SQL", &[KeyCode::KeyQ], false, UiAction::ToggleSql),
    key("p", "how much history is kept", &[KeyCode::KeyP], false, UiAction::ToggleKeep),
    key("r", "forget all history", &[KeyCode::KeyR], false, UiAction::ToggleReset),
    key("n", "agents on other machines: listen, add one", &[KeyCode::KeyN], false, UiAction::ToggleFleet),
    key("o", "rings in the agents' colours", &[KeyCode::KeyO], false, UiAction::ToggleRings),
    key("h", "history: circles where connections were", &[KeyCode::KeyH], false, UiAction::ToggleHistory),
    key("s", "save the history", &[KeyCode::KeyS], false, UiAction::SaveHistory),
    key("l", "load the history", &[KeyCode::KeyL], false, UiAction::LoadHistory),
    key(
        "x",
        "time-lapse: dots only, fading trails, or all that was there",
        &[KeyCode::KeyX],
        false,
        UiAction::NextLapseStyle,
    ),
    key("Shift+x", "how long trails fade", &[KeyCode::KeyX], true, UiAction::NextTrailLength),
    key(
        "Tab",
        "timeline: the past along the bottom",
        &[KeyCode::Tab],
        false,
        time(TimeAction::ToggleTimeline),
    ),
    key("Space", "play the past, or pause", &[KeyCode::Space], false, time(TimeAction::PlayOrPause)),
    key("→", "on to the next event", &[KeyCode::ArrowRight], false, time(TimeAction::StepForward)),
    key("←", "back to the one before", &[KeyCode::ArrowLeft], false, time(TimeAction::StepBack)),
    key("↑", "play faster", &[KeyCode::ArrowUp], false, time(TimeAction::Faster)),
    key("↓", "play slower", &[KeyCode::ArrowDown], false, time(TimeAction::Slower)),
    key("w", "play in a loop, or once", &[KeyCode::KeyW], false, time(TimeAction::ToggleLoop)),
    key("j", "jump over idle time, or not", &[KeyCode::KeyJ], false, time(TimeAction::ToggleSkipIdle)),
    key("End", "live: back to now", &[KeyCode::End], false, time(TimeAction::GoLive)),
    key(",", "settings", &[KeyCode::Comma], false, UiAction::ToggleSettings),
    key("F1", "this help", &[KeyCode::F1], false, UiAction::ToggleHelp),
    key("?", "this help", &[KeyCode::Slash], true, UiAction::ToggleHelp),
    key("Esc", "close the topmost thing, or the program", &[KeyCode::Escape], false, UiAction::Back),
];

pub static GESTURES: [Gesture; 21] = [
    Gesture { gesture: "wheel", does: "zoom at the pointer" },
    Gesture { gesture: "left drag", does: "move the window; pan once zoomed in or in full screen" },
    Gesture { gesture: "Alt + left drag", does: "always move the window" },
    Gesture { gesture: "middle drag", does: "always pan" },
    Gesture { gesture: "edge drag", does: "resize the window" },
    Gesture { gesture: "click a colour box", does: "text of that rule on or off" },
    Gesture { gesture: "Shift + click a colour box", does: "hide or show that rule's dots" },
    Gesture { gesture: "click a rule or a figure", does: "list those connections" },
    Gesture { gesture: "click a dot", does: "its card; the list where several lie" },
    Gesture { gesture: "right click the map", does: "list what lies there" },
    Gesture { gesture: "click a column's name in a list", does: "sort by it; again: the other way round" },
    Gesture { gesture: "click a program in a list", does: "the connection's card" },
    Gesture { gesture: "click an agent", does: "hide or show its connections" },
    Gesture { gesture: "right click an agent", does: "its card: rename, home, revoke" },
    Gesture { gesture: "click a plotted dot", does: "its row in the answer" },
    Gesture { gesture: "click the timeline", does: "show that moment" },
    Gesture { gesture: "drag along the timeline", does: "show that stretch of time, and play it" },
    Gesture { gesture: "wheel over the timeline", does: "zoom its time at the pointer" },
    Gesture { gesture: "middle drag on the timeline", does: "move its time" },
    Gesture { gesture: "double click the timeline", does: "show the whole recording" },
    Gesture { gesture: "top right corner", does: "exit button" },
];

const fn key(
    keys: &'static str,
    does: &'static str,
    codes: &'static [KeyCode],
    shift: bool,
    action: UiAction,
) -> KeyBinding {
    KeyBinding { keys, does, codes, shift, action }
}

const fn space(action: SpaceAction) -> UiAction {
    UiAction::Space(action)
}

const fn time(action: TimeAction) -> UiAction {
    UiAction::Time(action)
}

/// The action of a key press, if any. What is printed on the key counts, wherever the user's layout has it; a layout
/// without Latin letters is obeyed by the key's place.
pub fn action_of(code: KeyCode, logical: &Key, shift: bool) -> Option<UiAction> {
    let sign = match logical {
        Key::Character(text) if text.is_ascii() => Some(text.as_str()),
        _ => None,
    };
    let is_pressed = |binding: &&KeyBinding| match sign {
        // A letter is the same key with and without Shift; other signs are what they are.
        Some(sign) => binding.keys.split("  ").any(|key| {
            let is_letter = sign.chars().all(|c| c.is_ascii_alphabetic());
            key.trim_start_matches("Shift+").eq_ignore_ascii_case(sign)
                && (binding.shift == shift || !is_letter)
        }),
        None => binding.shift == shift && binding.codes.contains(&code),
    };
    KEYS.iter().find(is_pressed).map(|binding| binding.action.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_lists_exactly_these() {
        let readme = include_str!("../../README.md");
        let table = readme
            .split("<!-- keys -->")
            .nth(1)
            .and_then(|rest| rest.split("<!-- /keys -->").next())
            .unwrap();
        let listed: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        let quoted =
            |keys: &str| keys.split("  ").map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" ");
        let keys = KEYS.iter().map(|key| format!("| {} | {} |", quoted(key.keys), key.does));
        let gestures = GESTURES.iter().map(|gesture| format!("| {} | {} |", gesture.gesture, gesture.does));
        assert_eq!(listed, keys.chain(gestures).collect::<Vec<_>>());
    }

    #[test]
    fn no_key_does_two_things() {
        let mut seen = std::collections::HashSet::new();
        for key in &KEYS {
            for code in key.codes {
                assert!(seen.insert((code, key.shift)), "{code:?}");
            }
        }
    }

    #[test]
    fn keys_follow_the_layout_and_fall_back_to_their_place() {
        let sign = |text: &str| Key::Character(text.into());
        assert_eq!(action_of(KeyCode::KeyT, &sign("t"), false), Some(UiAction::ToggleAllText));
        assert_eq!(action_of(KeyCode::KeyT, &sign("T"), false), Some(UiAction::ToggleAllText), "Caps Lock");
        assert_eq!(action_of(KeyCode::KeyT, &sign("T"), true), None, "Shift makes it another key");
        let german_question_mark = action_of(KeyCode::Minus, &sign("?"), true);
        assert_eq!(german_question_mark, Some(UiAction::ToggleHelp));
        let french_q = action_of(KeyCode::KeyA, &sign("q"), false);
        assert_eq!(french_q, Some(UiAction::ToggleSql), "French keyboards have q there");
        assert_eq!(action_of(KeyCode::KeyT, &sign("е"), false), Some(UiAction::ToggleAllText), "Cyrillic");
        assert_eq!(action_of(KeyCode::F11, &Key::F11, false), Some(UiAction::ToggleFullscreen));
        assert_eq!(action_of(KeyCode::Slash, &sign("/"), false), Some(UiAction::ToggleFilter));
        assert_eq!(action_of(KeyCode::Digit7, &sign("/"), true), Some(UiAction::ToggleFilter), "German");
    }
}
