"""Where rows come from: one folder a vendor, each a dlt source of its own, over one shared transport."""
