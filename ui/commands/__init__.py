"""What each verb of the console script does. Heavy imports stay inside the functions, so that --help is instant."""
