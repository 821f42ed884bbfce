//! What generated code touches.
