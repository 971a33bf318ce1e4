//! Asks the window system to leave the screen lit while a window is on it: the screen saver extension of an X server, or
//! the protocol `idle-inhibit-unstable-v1` of a Wayland compositor. Both hold as long as this program is connected.

use bevy::{ecs::component::Component, window::RawHandleWrapper};
use wayland_backend::client::{Backend, InvalidId, ObjectId};
use wayland_client::{
    Connection, Dispatch, Proxy, QueueHandle, delegate_noop,
    globals::{BindError, GlobalError, GlobalListContents, registry_queue_init},
    protocol::{wl_registry::WlRegistry, wl_surface::WlSurface},
};
use wayland_protocols::wp::idle_inhibit::zv1::client::{
    zwp_idle_inhibit_manager_v1::ZwpIdleInhibitManagerV1, zwp_idle_inhibitor_v1::ZwpIdleInhibitorV1,
};
use winit::raw_window_handle::{
    RawDisplayHandle, RawWindowHandle, WaylandDisplayHandle, WaylandWindowHandle,
};
use x11rb::{
    errors::{ConnectError, ConnectionError, ReplyError},
    protocol::screensaver,
    rust_connection::RustConnection,
};

/// The screen saver extension can be held back since this version.
const SUSPENDS_SINCE: (u8, u8) = (1, 1);

/// Holds the screen lit for the window that it belongs to.
#[derive(Component)]
pub enum Lit {
    X11(#[expect(dead_code, reason = "held, and never asked again")] Box<RustConnection>),
    Wayland {
        _inhibitor: ZwpIdleInhibitorV1,
        /// Whose connection it is on: to be let go last.
        _window: RawHandleWrapper,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum UnlitError {
    #[error("the X server cannot be asked: {0}")]
    Connect(#[from] ConnectError),
    #[error("the X server cannot be asked: {0}")]
    Connection(#[from] ConnectionError),
    #[error("the X server will not: {0}")]
    Reply(#[from] ReplyError),
    #[error("the compositor cannot be asked: {0}")]
    Globals(#[from] GlobalError),
    #[error("the compositor has no such protocol: {0}")]
    Bind(#[from] BindError),
    #[error("the window is none of the compositor's")]
    Surface(#[from] InvalidId),
    #[error("this window system has no such thing")]
    Unknown,
}

impl Lit {
    /// On the thread of the windows, while this one is there.
    pub fn hold(window: &RawHandleWrapper) -> Result<Self, UnlitError> {
        match (window.get_display_handle(), window.get_window_handle()) {
            (RawDisplayHandle::Xlib(_) | RawDisplayHandle::Xcb(_), _) => {
                suspend().map(Box::new).map(Self::X11)
            }
            (RawDisplayHandle::Wayland(display), RawWindowHandle::Wayland(surface)) => {
                let inhibitor = inhibit(display, surface)?;
                Ok(Self::Wayland { _inhibitor: inhibitor, _window: window.clone() })
            }
            _ => Err(UnlitError::Unknown),
        }
    }
}

/// On a connection of its own, with which the server forgets it.
fn suspend() -> Result<RustConnection, UnlitError> {
    let (connection, _) = x11rb::connect(None)?;
    screensaver::query_version(&connection, SUSPENDS_SINCE.0, SUSPENDS_SINCE.1)?.reply()?;
    screensaver::suspend(&connection, 1)?.check()?;
    Ok(connection)
}

fn inhibit(
    display: WaylandDisplayHandle,
    surface: WaylandWindowHandle,
) -> Result<ZwpIdleInhibitorV1, UnlitError> {
    // SAFETY: winit's, which lives as long as the window whose handle whoever asked holds.
    let backend = unsafe { Backend::from_foreign_display(display.display.as_ptr().cast()) };
    let connection = Connection::from_backend(backend);
    // SAFETY: the same; only used within this function.
    let surface = unsafe { ObjectId::from_ptr(WlSurface::interface(), surface.surface.as_ptr().cast()) }?;
    let surface = WlSurface::from_id(&connection, surface)?;
    let (globals, queue) = registry_queue_init::<Deaf>(&connection)?;
    let manager: ZwpIdleInhibitManagerV1 = globals.bind(&queue.handle(), 1..=1, ())?;
    let inhibitor = manager.create_inhibitor(&surface, &queue.handle(), ());
    manager.destroy();
    // What does not go out now goes with the next frame.
    let _ = connection.flush();
    Ok(inhibitor)
}

/// Neither of them ever says anything.
struct Deaf;

impl Dispatch<WlRegistry, GlobalListContents> for Deaf {
    fn event(
        _: &mut Self,
        _: &WlRegistry,
        _: <WlRegistry as Proxy>::Event,
        _: &GlobalListContents,
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        // Globals come and go.
    }
}

delegate_noop!(Deaf: ZwpIdleInhibitManagerV1);
delegate_noop!(Deaf: ZwpIdleInhibitorV1);
