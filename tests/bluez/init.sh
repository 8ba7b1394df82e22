#!/bin/busybox sh
# First process of the guest: what the product needs of a running Linux, then the test, then power off.
# What the test finds goes to the second serial line, alone; all else is the log on the first.
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t tmpfs run /run
exec </dev/null >/dev/console 2>&1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PYTHONPATH=/spinewatch/firmware_bridge:/spinewatch/signal:/spinewatch/tests:/opt/python
export PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 HOME=/root LANG=C.UTF-8
busybox stty -F /dev/ttyS1 raw -echo
tell() { echo "$1" >/dev/ttyS1; }
fail() { tell "{\"failed\": \"$1\"}"; sync; busybox poweroff -f; }

tell '{"step": "kernel"}'
modprobe -a hci_vhci cmac ecb algif_hash algif_skcipher uhid || fail "modprobe"
mkdir -p /run/dbus /var/lib/bluetooth /var/log
dbus-uuidgen --ensure || fail "dbus-uuidgen"
dbus-daemon --system --fork || fail "dbus-daemon"
tell '{"step": "dbus"}'
BLUETOOTHD=$(ls /usr/libexec/bluetooth/bluetoothd /usr/lib/bluetooth/bluetoothd 2>/dev/null | head -n 1)
export BLUETOOTHD
"$BLUETOOTHD" -n &
tell '{"step": "bluetoothd"}'
python3 /spinewatch/tests/bluez/air.py >/dev/ttyS1 || fail "air.py ended with $?"
busybox poweroff -f
