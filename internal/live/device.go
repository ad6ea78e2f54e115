package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// maxDevices bounds how many devices a conference lists: the oldest are no longer listed, but
// work on.
const maxDevices = 256

// Devices at doors are kept in the Ephemeral, which forgets them. A device's key is derived
// from the conference's own: nobody keeps it.

func (c *Conference) deviceName(device string) string {
	return "device:" + string(c.id) + ":" + c.keys.deviceID(device)
}

// AddDevice keeps a device and returns its key of 32 bytes. Refusal: log.unavailable.
func (c *Conference) AddDevice(ctx context.Context, device string, about []byte, ttl time.Duration) ([]byte, error) {
	done, err := c.leases.CompareAndSet(ctx, c.deviceName(device), nil, about, ttl)
	if err != nil || !done {
		return nil, unavailable("the device cannot be kept")
	}
	list := func(devices []string) []string {
		devices = append(devices, device)
		return devices[max(0, len(devices)-maxDevices):]
	}
	if err := c.changeDevices(ctx, list, ttl); err != nil {
		return nil, err
	}
	return c.keys.deviceKey(device), nil
}

// Devices returns the ids of the devices that were added last, oldest first; some may be
// unknown by now. Refusal: log.unavailable.
func (c *Conference) Devices(ctx context.Context) ([]string, error) {
	devices, _, err := c.devices(ctx)
	return devices, err
}

func (c *Conference) devices(ctx context.Context) (devices []string, kept []byte, err error) {
	kept, err = c.leases.Get(ctx, c.devicesName())
	if err != nil {
		return nil, nil, unavailable("devices cannot be looked up")
	}
	if kept == nil {
		return nil, nil, nil
	}
	if err := json.Unmarshal(kept, &devices); err != nil {
		return nil, nil, fmt.Errorf("read the list of devices: %w", err)
	}
	return devices, kept, nil
}

func (c *Conference) devicesName() string { return "devices:" + string(c.id) }

// changeDevices changes the list of devices, whoever else does at the same time.
func (c *Conference) changeDevices(ctx context.Context, change func([]string) []string, ttl time.Duration) error {
	const tries = 20
	for range tries {
		devices, kept, err := c.devices(ctx)
		if err != nil {
			return err
		}
		next, err := json.Marshal(change(slices.Clone(devices)))
		if err != nil || bytes.Equal(next, kept) {
			return err
		}
		done, err := c.leases.CompareAndSet(ctx, c.devicesName(), kept, next, ttl)
		if err != nil {
			break
		}
		if done {
			return nil
		}
	}
	return unavailable("devices cannot be listed")
}

// Device returns what was kept of a device, and its key; nil when it is not known, or was
// revoked. Refusal: log.unavailable.
func (c *Conference) Device(ctx context.Context, device string) (about, key []byte, err error) {
	about, err = c.leases.Get(ctx, c.deviceName(device))
	if err != nil {
		return nil, nil, unavailable("devices cannot be looked up")
	}
	if about == nil {
		return nil, nil, nil
	}
	return about, c.keys.deviceKey(device), nil
}

// RevokeDevice makes a device unknown. Refusal: log.unavailable.
func (c *Conference) RevokeDevice(ctx context.Context, device string) error {
	about, _, err := c.Device(ctx, device)
	if err != nil || about == nil {
		return err
	}
	if _, err := c.leases.CompareAndSet(ctx, c.deviceName(device), about, nil, 0); err != nil {
		return unavailable("the device cannot be revoked")
	}
	return nil
}
