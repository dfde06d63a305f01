"""Health of objects, by kstatus' rules; pure: an object as the API server has it, and a Vital."""
