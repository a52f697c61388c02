"""What does an OpenTelemetry span say, whatever carried it and whichever library wrote it?"""
