//! YAML documents as trees with places.
//!
//! `serde_yaml` reads a document and alone says what it means; `saphyr-parser` reads it again and
//! says where each node stands. Both number the nodes in document order (aliases expanded), so a
//! node's number finds its span. A document that the two read differently is refused. For documents
//! that keep to the simple part of YAML, `simple` says the same as `saphyr-parser`, faster. Of big
//! ones `ahead` says what they seem to mean, and confirms beside what is done with that.

mod ahead;
#[cfg(test)]
mod ahead_tests;
mod characters;
mod events;
mod exact;
#[cfg(test)]
mod exact_tests;
mod hazards;
mod join;
mod meaning;
mod node;
#[cfg(test)]
mod properties;
mod read;
mod refusal;
mod scalar;
mod simple;
mod syntax;
#[cfg(test)]
mod tests;

pub(crate) use ahead::{confirms, read_ahead};
pub(crate) use characters::forbidden;
pub use node::{Document, Entry, Node, Scalar, Value};
pub use read::read;
