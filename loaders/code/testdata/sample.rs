use std::fmt;

/// A point.
#[derive(Debug, Clone)]
pub struct Point<'a, T: 'a> {
    x: &'a T,
}

impl<'a, T> fmt::Display for Point<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let c = '{'; let r = r#"{"{"#;
        write!(f, "}}")
    }
}

pub trait Shape { fn area(&self) -> f64; fn twice(&self) -> f64 { 2.0 * self.area() } }

mod inner {
    /* outer /* nested { */ */
    pub(crate) async fn run<F>(f: F) where F: Fn(i32) -> i32 { f(1); }
}

macro_rules! add { ($a:expr) => { $a + 1 } }
pub enum E { A { x: i32 }, B(u8) }
