"""What NequIP loads of ours: graphs, batches, callbacks, the network; all of it needs torch."""
