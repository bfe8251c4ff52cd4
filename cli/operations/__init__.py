"""The commands for whoever runs the service."""
