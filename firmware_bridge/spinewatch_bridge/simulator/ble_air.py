"""The air between simulated radios: who hears whom, how strongly, and when a packet gets across.

bumble's virtual controllers know no distance, no time on air and no lost link; this adds what a link has to survive.
Everything happens on the running event loop: no thread, no socket, no time but the loop's.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from bumble import core, hci, ll
from bumble.controller import Connection, Controller
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

INTERVAL_S = 0.015  # between two connection events: what phones and computers commonly grant
SUPERVISION_S = 0.72  # silence after which both ends give a link up
ATTEMPTS_TO_JOIN = 6  # connection events that a central waits for a new peripheral (Core specification 6.B.4.5)
ROUNDING = 1e-6  # of an interval: at an event it has passed, however its time was rounded
FRAGMENT_BYTES = 251  # one packet of the data length extension
USUAL_RSSI_DBM = -55

LOST, NEVER_BEGUN = hci.HCI_CONNECTION_TIMEOUT_ERROR, hci.HCI_CONNECTION_FAILED_TO_BE_ESTABLISHED_ERROR
UNKNOWN_TO_KERNELS = hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING


class AirLink(LocalLink):
    """What the radios of one air share.

    Packets of a connection cross at its next connection event, in order, as long as both ends are in reach.

    Args:
        interval_s: time between connection events; 0 delivers at once.
    """

    def __init__(self, interval_s: float = INTERVAL_S) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._interval_s = interval_s
        self._waiting: list[Callable[[], None]] = []

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        """To all who listen."""
        if isinstance(packet, ll.ConnectInd):
            self._join(sender_controller, packet)
            return
        for controller in self.controllers:
            listens = controller.le_scan_enable or controller.pending_le_connection
            if listens and controller is not sender_controller and in_reach(sender_controller, controller):
                asyncio.get_running_loop().call_soon(controller.on_ll_advertising_pdu, packet)

    def _join(self, central: Controller, packet: ll.ConnectInd) -> None:
        """A central begins a connection: the peripheral takes part, or it fails a little later."""
        loop = asyncio.get_running_loop()
        for controller in self.controllers:
            if _can_join(controller, packet.advertiser_address) and in_reach(central, controller):
                loop.call_soon(controller.on_ll_advertising_pdu, packet)
                return
        connection = central.le_connections[packet.advertiser_address]
        loop.call_later(ATTEMPTS_TO_JOIN * self._interval_s, end_connection, central, connection, NEVER_BEGUN)

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: core.PhysicalTransport,
        data: bytes,
    ) -> None:
        """Data of a connection. They go by its own address: a host may change its random one while it scans."""
        connection = sender_controller.le_connections.get(destination_address)
        if connection is None:
            return
        self._carry(
            sender_controller,
            connection.self_address,
            destination_address,
            lambda receiver: receiver.on_link_acl_data(connection.self_address, transport, data),
        )

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        """Control of a connection, in order with its data."""
        sender = self.find_le_controller(sender_address)
        if sender is not None:
            self._carry(
                sender,
                sender_address,
                receiver_address,
                lambda receiver: receiver.on_ll_control_pdu(sender_address, packet),
            )

    def _carry(
        self,
        sender: Controller,
        sender_address: hci.Address,
        receiver_address: hci.Address,
        deliver: Callable[[Controller], None],
    ) -> None:
        """Hand over at the next connection event, unless the connection is another one or out of reach by then."""
        receiver = self._other_end(sender_address, receiver_address)
        if receiver is None:
            return
        connection = receiver.le_connections[sender_address]

        def arrive() -> None:
            if receiver.le_connections.get(sender_address) is connection and in_reach(sender, receiver):
                deliver(receiver)

        if not self._waiting:
            loop = asyncio.get_running_loop()
            if self._interval_s:
                loop.call_at(self._next_event_s(loop.time()), self._event)
            else:
                loop.call_soon(self._event)
        self._waiting.append(arrive)

    def _other_end(self, sender_address: hci.Address, receiver_address: hci.Address) -> Controller | None:
        for controller in self.controllers:
            connection = controller.le_connections.get(sender_address)
            if connection is not None and connection.self_address == receiver_address:
                return controller
        return None

    def _next_event_s(self, now_s: float) -> float:
        passed = math.floor(now_s / self._interval_s + ROUNDING)
        return (passed + 1) * self._interval_s

    def _event(self) -> None:
        waiting, self._waiting = self._waiting, []
        for arrive in waiting:
            arrive()


class AirController(Controller):
    """One radio.

    Args:
        name: for debugging.
        link: the air.
        public_address: as a kernel expects of its own controller; others use a random address.

    Attributes:
        reachable: False while it is out of reach of everybody.
        taken: it advertises, but another computer holds it: no connection begins.
        rssi_dbm: how strongly it is heard.
    """

    le_features = Controller.le_features & ~UNKNOWN_TO_KERNELS
    le_acl_data_packet_length = FRAGMENT_BYTES
    acl_data_packet_length = FRAGMENT_BYTES

    def __init__(self, name: str, link: AirLink, public_address: str | None = None) -> None:
        super().__init__(name, link=link, public_address=public_address)
        self.reachable, self.taken = True, False
        self.rssi_dbm = USUAL_RSSI_DBM

    def remove(self) -> None:
        """Take it out of the air."""
        self.le_legacy_advertiser.stop()
        self.link.controllers.discard(self)

    def lose_links(self) -> None:
        """Nothing was heard for the supervision time: every connection of this radio ends, at both ends."""
        for connection in list(self.le_connections.values()):
            for controller in list(self.link.controllers):
                other = controller.le_connections.get(connection.self_address)
                if other is not None and other.self_address == connection.peer_address:
                    end_connection(controller, other, LOST)
            end_connection(self, connection, LOST)

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """To the host; quiet as `AirHost`."""
        if self.host:
            asyncio.get_running_loop().call_soon(self.host.on_packet, bytes(packet))

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """End a pending connection, which bumble's own leaves pending for ever (Core specification 4.E.7.8.13)."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        asyncio.get_running_loop().call_soon(self.send_hci_packet, _cancelled(pending.peer_address))
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        """Report it with its strength and its own scan response, and begin a connection that waits for it."""
        sender = next((c for c in self.link.controllers if _advertises(c, pdu.advertiser_address)), None)
        if sender is None:
            return
        if self.le_scan_enable:
            kinds = hci.HCI_LE_Advertising_Report_Event.EventType
            self._report(kinds.ADV_IND, sender, pdu.advertiser_address, pdu.data)
            if self.le_scan_type == hci.HCI_LE_Set_Scan_Parameters_Command.ACTIVE_SCANNING:
                response = sender.le_legacy_advertiser.scan_response_data
                self._report(kinds.SCAN_RSP, sender, pdu.advertiser_address, response)
        pending = self.pending_le_connection
        if pending is not None and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def _report(self, kind: int, sender: Controller, address: hci.Address, data: bytes) -> None:
        rssi_dbm = getattr(sender, "rssi_dbm", USUAL_RSSI_DBM)
        report = hci.HCI_LE_Advertising_Report_Event.Report(
            event_type=kind, address_type=address.address_type, address=address, data=data, rssi=rssi_dbm
        )
        self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))

    def on_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """From the host; quiet as `AirHost`."""
        if isinstance(packet, hci.HCI_AclDataPacket):
            self.on_hci_acl_data_packet(packet)
        else:
            super().on_hci_packet(packet)


class AirHost(Host):
    """The host of a radio.

    bumble's own words every packet for a debug log, whether that is on or not: a third of the cost of a packet.

    Args:
        controller: its radio.
    """

    def __init__(self, controller: AirController) -> None:
        super().__init__(controller_source=controller, controller_sink=AsyncPipeSink(controller))

    def on_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """From the controller."""
        if isinstance(packet, hci.HCI_Event):
            self.on_hci_event_packet(packet)
        elif isinstance(packet, hci.HCI_AclDataPacket):
            self.on_hci_acl_data_packet(packet)

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """To the controller."""
        if self.hci_sink:
            self.hci_sink.on_packet(bytes(packet))


def in_reach(one: Controller, other: Controller) -> bool:
    """Whether two radios hear each other."""
    return bool(getattr(one, "reachable", True) and getattr(other, "reachable", True))


def end_connection(controller: Controller, connection: Connection, reason: int) -> None:
    """End one end of a connection, if it has not ended before."""
    if controller.le_connections.get(connection.peer_address) is connection:
        controller.on_le_disconnected(connection, reason)


def _advertises(controller: Controller, address: hci.Address) -> bool:
    advertiser = controller.le_legacy_advertiser
    return bool(advertiser.enabled and advertiser.address == address)


def _can_join(controller: Controller, address: hci.Address) -> bool:
    return _advertises(controller, address) and not getattr(controller, "taken", False)


def _cancelled(peer_address: hci.Address) -> hci.HCI_LE_Connection_Complete_Event:
    return hci.HCI_LE_Connection_Complete_Event(
        status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
        connection_handle=0,
        role=hci.Role.CENTRAL,
        peer_address_type=peer_address.address_type,
        peer_address=peer_address,
        connection_interval=0,
        peripheral_latency=0,
        supervision_timeout=0,
        central_clock_accuracy=0,
    )
