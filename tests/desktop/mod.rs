//! A desktop for tests: an X server without a screen, a window manager, and a hand for keyboard and pointer. What the
//! program shows is read back as pixels. All of it ends with the test.

pub mod home;
pub mod picture;

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

pub use home::{Home, Process, eventually, has_program};
pub use picture::{Picture, Region};

const PROGRAM: &str = env!("CARGO_BIN_EXE_connmapperl");
/// Pictures this far apart that are the same show a window at rest.
const AT_REST_AFTER: Duration = Duration::from_millis(400);
/// The slowest frame: without optimisation, on a software renderer, beside other programs.
const A_FRAME: Duration = Duration::from_millis(800);
/// A hand is no faster.
const A_MOMENT: Duration = Duration::from_millis(60);
/// Why the program ends where no Vulkan driver is installed; as it says itself.
const NO_DRIVER: &str = "no graphics adapter";

/// An X display of its own with a window manager.
pub struct Desktop {
    pub display: String,
    pub size: [u32; 2],
    pub home: Home,
    _manager: Process,
    _server: Process,
}

impl Desktop {
    /// `None`, with the reason printed, where something is not installed.
    pub fn start() -> Option<Self> {
        let missing =
            ["Xvfb", "openbox", "xdotool", "xprop", "import"].into_iter().find(|name| !has_program(name));
        if let Some(missing) = missing {
            println!("skipped: {missing} is not installed");
            return None;
        }
        let (home, size) = (Home::new(), [1920, 1080]);
        let mut server = Command::new("Xvfb");
        server.args(["-displayfd", "1", "-noreset", "-nolisten", "tcp", "-ac", "-screen", "0"]);
        server.arg(format!("{}x{}x24", size[0], size[1])).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = Process::spawn(&mut server);
        let mut number = String::new();
        BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let display = format!(":{}", number.trim());
        let mut manager = home.command("openbox");
        manager.env("DISPLAY", &display).stdout(Stdio::null()).stderr(Stdio::null());
        let manager = Process::spawn(&mut manager);
        let desktop = Self { display, size, home, _manager: manager, _server: server };
        eventually("the window manager", || {
            desktop
                .output("xprop", &["-root", "_NET_SUPPORTING_WM_CHECK"])
                .contains("window id")
                .then_some(())
        });
        Some(desktop)
    }

    /// Starts the program and waits for its window to be drawn. `None`, with the reason printed, where no driver can
    /// draw.
    pub fn open(&self, arguments: &[&str]) -> Option<Window<'_>> {
        self.open_with(arguments, |_| {})
    }

    pub fn open_with(&self, arguments: &[&str], set: impl FnOnce(&mut Command)) -> Option<Window<'_>> {
        let (mut command, log) = self.home.logged(PROGRAM, "log");
        // The working folder may hold a rules file; the one of the test holds none.
        command.args(arguments).current_dir(self.home.path()).env("DISPLAY", &self.display);
        set(&mut command);
        let mut process = Process::spawn(&mut command);
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        let id = eventually("the window", || {
            if process.0.try_wait().unwrap().is_some() {
                assert!(said().contains(NO_DRIVER), "the program ended: {}", said());
                return Some(None);
            }
            let found = self.output("xdotool", &["search", "--onlyvisible", "--name", "^connmapperl$"]);
            found.lines().last().map(|id| Some(id.to_owned()))
        });
        let Some(id) = id else {
            println!("skipped: {}", said().trim());
            return None;
        };
        let window = Window { desktop: self, process: Some(process), id, log };
        window.leave();
        eventually("a map", || (window.picture().shades() > 50).then_some(()));
        Some(window)
    }

    pub fn output(&self, program: &str, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.bytes(program, arguments)).into_owned()
    }

    fn bytes(&self, program: &str, arguments: &[&str]) -> Vec<u8> {
        Command::new(program).args(arguments).env("DISPLAY", &self.display).output().unwrap().stdout
    }
}

/// The program in its window. Places are pixels from the window's top left.
pub struct Window<'a> {
    desktop: &'a Desktop,
    /// None of its own has a second window.
    process: Option<Process>,
    id: String,
    log: PathBuf,
}

/// Where a window lies on the screen, and how large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    pub at: [i32; 2],
    pub size: [u32; 2],
}

impl<'a> Window<'a> {
    /// Another window of the program, by its title, while there is one.
    pub fn other(&self, title: &str) -> Option<Window<'a>> {
        let title = format!("^{title}$");
        let found = self.desktop.output("xdotool", &["search", "--onlyvisible", "--name", &title]);
        let id = found.lines().last()?.to_owned();
        Some(Window { desktop: self.desktop, process: None, id, log: self.log.clone() })
    }
}

impl Window<'_> {
    fn xdotool(&self, arguments: &[&str]) {
        self.desktop.output("xdotool", arguments);
    }

    pub fn key(&self, key: &str) {
        self.xdotool(&["key", key]);
    }

    /// Types a text, as fast as a hand.
    pub fn write(&self, text: &str) {
        self.xdotool(&["type", "--delay", "12", text]);
    }

    /// A key with Ctrl held.
    pub fn ctrl(&self, key: &str) {
        self.key_with("ctrl", key);
    }

    /// A key with another one held. What comes within one frame is all with it, or all without.
    pub fn key_with(&self, held: &str, key: &str) {
        self.xdotool(&["keydown", held]);
        sleep(A_FRAME);
        self.key(key);
        sleep(A_FRAME);
        self.xdotool(&["keyup", held]);
    }

    pub fn point(&self, [x, y]: [i32; 2]) {
        self.xdotool(&["mousemove", "--window", &self.id, &x.to_string(), &y.to_string()]);
    }

    /// Takes the pointer where nothing lights up under it.
    pub fn leave(&self) {
        let [width, height] = self.geometry().size.map(|side| i32::try_from(side).unwrap());
        self.point([width / 2, height / 2 + 60]);
    }

    /// Clicks, and leaves the pointer there.
    pub fn press(&self, at: [i32; 2]) {
        self.point(at);
        self.rest();
        self.press_button("1");
    }

    /// Clicks where the picture never comes to rest.
    pub fn tap(&self, at: [i32; 2]) {
        self.tap_with("1", at);
    }

    /// The same with another button.
    pub fn tap_with(&self, button: &str, at: [i32; 2]) {
        self.point(at);
        sleep(AT_REST_AFTER);
        self.press_button(button);
    }

    fn press_button(&self, button: &str) {
        self.xdotool(&["mousedown", button]);
        sleep(A_MOMENT);
        self.xdotool(&["mouseup", button]);
    }

    /// Three clicks, which select a line of text.
    pub fn select_line(&self, at: [i32; 2]) {
        self.point(at);
        self.rest();
        self.xdotool(&["click", "--repeat", "3", "--delay", "80", "1"]);
        self.rest();
    }

    /// Types on the keyboard, as fast as a hand.
    pub fn text(&self, text: &str) {
        self.xdotool(&["type", "--delay", "60", text]);
    }

    /// What was copied last.
    pub fn clipboard(&self) -> String {
        self.desktop.output("xclip", &["-selection", "clipboard", "-o"])
    }

    /// Clicks, and takes the pointer away again.
    pub fn click(&self, at: [i32; 2]) {
        self.press(at);
        self.rest();
        self.leave();
    }

    pub fn shift_click(&self, at: [i32; 2]) {
        self.xdotool(&["keydown", "shift"]);
        self.click(at);
        self.xdotool(&["keyup", "shift"]);
    }

    pub fn wheel(&self, at: [i32; 2], notches: i32) {
        self.point(at);
        let (button, times) = (if notches > 0 { "4" } else { "5" }, notches.abs().to_string());
        self.xdotool(&["click", "--repeat", &times, "--delay", "60", button]);
    }

    /// Moves the pointer with the left button held, in steps, as a hand does.
    pub fn drag(&self, from: [i32; 2], by: [i32; 2]) {
        const STEPS: i32 = 10;
        self.point(from);
        self.rest();
        // The window may move along, so places on the screen count.
        let at = self.geometry().at;
        self.xdotool(&["mousedown", "1"]);
        for step in 1..=STEPS {
            let [x, y] = [0, 1].map(|axis| (at[axis] + from[axis] + by[axis] * step / STEPS).to_string());
            self.xdotool(&["mousemove", &x, &y]);
            // A window manager that takes the pointer over needs a moment, as it has with a hand.
            sleep(A_MOMENT);
        }
        self.rest();
        self.xdotool(&["mouseup", "1"]);
    }

    /// Has the window manager ask the program to end, as the button of a title bar does.
    pub fn ask_to_close(&self) {
        self.key("alt+F4");
    }

    pub fn resize(&self, size: [u32; 2]) {
        self.xdotool(&["windowsize", &self.id, &size[0].to_string(), &size[1].to_string()]);
        eventually("the new size", || (self.geometry().size == size).then_some(()));
    }

    pub fn move_to(&self, at: [i32; 2]) {
        self.xdotool(&["windowmove", &self.id, &at[0].to_string(), &at[1].to_string()]);
        eventually("the new place", || (self.geometry().at == at).then_some(()));
    }

    /// The same for a window with a title bar, which makes it a little less exact.
    pub fn move_near(&self, at: [i32; 2]) {
        const FRAME: i32 = 48;
        self.xdotool(&["windowmove", &self.id, &at[0].to_string(), &at[1].to_string()]);
        eventually("the new place", || {
            let now = self.geometry().at;
            (0..2).all(|axis| (now[axis] - at[axis]).abs() <= FRAME).then_some(())
        });
    }

    pub fn property(&self, name: &str) -> String {
        // As long as an icon may be.
        self.desktop.output("xprop", &["-len", "4000000", "-id", &self.id, "-f", name, "32c", name])
    }

    pub fn geometry(&self) -> Geometry {
        let text = self.desktop.output("xdotool", &["getwindowgeometry", "--shell", &self.id]);
        let value = |name: &str| -> i32 {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.unwrap_or_else(|| panic!("no {name} in {text:?}")).parse().unwrap()
        };
        Geometry {
            at: [value("X"), value("Y")],
            size: ["WIDTH", "HEIGHT"].map(|name| u32::try_from(value(name)).unwrap()),
        }
    }

    /// What the window shows now, whatever it shows.
    pub fn picture(&self) -> Picture {
        let size = self.geometry().size;
        let bytes = self.desktop.bytes("import", &["-silent", "-window", &self.id, "-depth", "8", "rgb:-"]);
        Picture::new(size, bytes)
    }

    /// Waits until the window comes to rest, and returns what it shows then. Needs a still scene.
    pub fn rest(&self) -> Picture {
        eventually("a picture at rest", || {
            let before = self.picture();
            sleep(AT_REST_AFTER);
            let after = self.picture();
            before.same_map(&after).then_some(after)
        })
    }

    /// Waits for a picture at rest of which something holds.
    pub fn shows(&self, what: &str, holds: impl Fn(&Picture) -> bool) -> Picture {
        // Whoever looks into a failure wants to see what was seen.
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{what}.ppm"));
        let said = format!("{what}; the last picture is {}", path.display());
        let see = |picture: &Picture| {
            let is_so = holds(picture);
            if is_so {
                let _ = std::fs::remove_file(&path);
            } else {
                picture.write(&path);
            }
            is_so
        };
        eventually(&said, || Some(self.picture()).filter(|picture| see(picture)));
        let picture = self.rest();
        assert!(see(&picture), "did not stay: {}", said);
        picture
    }

    /// As whoever runs services ends a program.
    pub fn terminate(&self) {
        let process = self.process.as_ref().expect("the program's first window");
        let killed = Command::new("kill").args(["-TERM", &process.0.id().to_string()]).status();
        assert!(killed.unwrap().success());
    }

    /// Waits for the program to end. Returns its exit code; `None` where a signal ended it.
    pub fn exit_code(mut self) -> Option<i32> {
        let process = self.process.as_mut().expect("the program's first window");
        eventually("the end", || process.0.try_wait().unwrap()).code()
    }

    /// What the program wrote so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}
