//! What hands and a keyboard do, by the driver's own actions, so that a page gets events that the browser trusts. Places are
//! CSS pixels from the upper left of the window's page.
//!
//! Chromedriver 156 and geckodriver 0.37 with Firefox 153 press, move and turn wheels as they are told, with one finger and
//! with two. WebKitWebDriver 2.50 has mouse, wheel and keys; a finger it takes for the mouse, and two fingers for one mouse
//! that jumps. So for WebKit, and for touch alone, the page's own events are dispatched by script.

use std::time::Duration;

use anyhow::Result;
use fantoccini::actions::{
    Actions, InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
    TouchActions, WheelAction, WheelActions,
};
use serde_json::json;

use super::Session;

/// A place on the page, or a way.
pub(crate) type Point = (f64, f64);

/// Keys without a letter: https://www.w3.org/TR/webdriver2/#keyboard-actions.
pub(crate) const TAB: char = '\u{e004}';
pub(crate) const LEFT: char = '\u{e012}';
pub(crate) const UP: char = '\u{e013}';
pub(crate) const RIGHT: char = '\u{e014}';
pub(crate) const DOWN: char = '\u{e015}';

/// Two fingers by script: the pointer events that a browser makes of touches. Such a pointer cannot be captured.
const PINCH: &str = "
    const [selector, first, second] = arguments;
    const target = document.querySelector(selector);
    const send = (type, finger, [x, y]) => target.dispatchEvent(new PointerEvent(type, {
        bubbles: true, cancelable: true, pointerId: 900 + finger, pointerType: 'touch', isPrimary: finger === 0,
        clientX: x, clientY: y, button: type === 'pointermove' ? -1 : 0, buttons: type === 'pointerup' ? 0 : 1,
    }));
    for (const [i, type] of [[0, 'pointerdown'], [1, 'pointermove'], [2, 'pointermove'], [2, 'pointerup']]) {
        send(type, 0, first[i]);
        send(type, 1, second[i]);
    }
";

impl Session {
    /// Presses the mouse, moves it along the way, and lets go at its end.
    pub(crate) async fn drag(&self, way: &[Point]) -> Result<()> {
        let mut mouse = MouseActions::new("mouse".to_owned());
        for (i, &place) in way.iter().enumerate() {
            mouse = mouse.then(to(place));
            if i == 0 {
                mouse = mouse.then(PRESS);
            }
        }
        self.act("dragging", mouse.then(RELEASE)).await
    }

    /// Presses the mouse twice in a place.
    pub(crate) async fn double_click(&self, place: Point) -> Result<()> {
        let mut mouse = MouseActions::new("mouse".to_owned()).then(to(place));
        for action in [PRESS, RELEASE, PRESS, RELEASE] {
            mouse = mouse.then(action);
        }
        self.act("double click", mouse).await
    }

    /// Turns the wheel in a place, once by each number; what is less than 0 is away from the hand.
    pub(crate) async fn wheel(&self, place: Point, turns: &[i64]) -> Result<()> {
        let mut wheel = WheelActions::new("wheel".to_owned());
        for &delta_y in turns {
            wheel = wheel.then(WheelAction::Scroll {
                duration: Some(Duration::ZERO),
                x: place.0 as i64,
                y: place.1 as i64,
                delta_x: 0,
                delta_y,
            });
        }
        self.act("turning the wheel", wheel).await
    }

    /// Presses keys, one after the other, wherever the focus is.
    pub(crate) async fn press(&self, keys: &[char]) -> Result<()> {
        let mut board = KeyActions::new("keys".to_owned());
        for &value in keys {
            board = board
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
        }
        self.act("pressing keys", board).await
    }

    /// Two fingers at once, each from its first place over its second one to its third.
    pub(crate) async fn pinch(&self, fingers: [[Point; 3]; 2]) -> Result<()> {
        let [first, second] = fingers.map(|[from, over, at]| {
            TouchActions::new(format!("finger at {}", from.0))
                .then(to(from))
                .then(PRESS)
                .then(to(over))
                .then(to(at))
                .then(RELEASE)
        });
        self.act("pinching", Actions::from(first).and(second)).await
    }

    /// As [`pinch`](Self::pinch), by events that are dispatched to an element.
    pub(crate) async fn pinch_by_script(
        &self,
        selector: &str,
        fingers: [[Point; 3]; 2],
    ) -> Result<()> {
        let [first, second] = fingers;
        let arguments = vec![json!(selector), json!(first), json!(second)];
        let pinching = self.client.execute(PINCH, arguments);
        self.command("pinching", pinching).await.map(drop)
    }

    async fn act(&self, what: &str, actions: impl Into<Actions>) -> Result<()> {
        self.command(what, self.client.perform_actions(actions))
            .await
    }
}

const PRESS: PointerAction = PointerAction::Down {
    button: MOUSE_BUTTON_LEFT,
};
const RELEASE: PointerAction = PointerAction::Up {
    button: MOUSE_BUTTON_LEFT,
};

fn to((x, y): Point) -> PointerAction {
    PointerAction::MoveTo {
        duration: Some(Duration::ZERO),
        x,
        y,
    }
}
