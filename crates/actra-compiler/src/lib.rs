//! Compiles Actra documents.
pub mod diagnostic;
pub mod model;
pub mod yaml;
