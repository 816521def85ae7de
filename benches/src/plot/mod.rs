//! Plots as SVG, on axes of powers of ten. A plot brings its own ground, which follows the reader's
//! choice of light or dark, so that its text can be read wherever it stands.

mod dots;
mod lines;
mod scale;
mod svg;

pub use dots::{Dot, Group, dots};
pub use lines::{Line, lines};
pub use scale::duration;

/// Which colour something is drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// What the plot is about.
    Ours,
    /// What is written by hand.
    Plain,
    /// Everything else, each in one of a few colours.
    Other(usize),
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// Without gaps.
    Solid,
    /// With gaps.
    Dashed,
}
