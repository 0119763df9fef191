//! Speed claims of Twinseal, each as a ratio against peers that were measured in the same run. The benches are in `benches/benches`.
