"""The DNS processes as the daemon sees them: started, watched, adopted, fed."""
