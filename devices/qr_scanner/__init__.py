"""The QR scanner of a counter or kiosk: frames of a camera in, texts of codes out."""
