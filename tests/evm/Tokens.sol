// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

// The tokens that the tests are paid in: an honest one, and what else calls itself a token out there.

contract Token {
    event Transfer(address indexed from, address indexed to, uint256 value);

    uint8 public immutable decimals;
    mapping(address => uint256) public balanceOf;

    constructor(uint8 decimals_) {
        decimals = decimals_;
        balanceOf[msg.sender] = type(uint256).max;
        emit Transfer(address(0), msg.sender, type(uint256).max);
    }

    function transfer(address to, uint256 value) external virtual returns (bool) {
        move(msg.sender, to, value);
        return true;
    }

    // Two payments in one transaction, as wallets that pay many send them.
    function transferTwice(address one, uint256 first, address two, uint256 second) external {
        move(msg.sender, one, first);
        move(msg.sender, two, second);
    }

    function move(address from, address to, uint256 value) internal virtual {
        require(balanceOf[from] >= value, "too little is there");
        balanceOf[from] -= value;
        unchecked { balanceOf[to] += value; }
        emit Transfer(from, to, value);
    }
}

// Keeps a tenth of what is sent.
contract TokenWithFee is Token {
    constructor() Token(6) {}

    function move(address from, address to, uint256 value) internal override {
        uint256 fee = value / 10;
        super.move(from, to, value - fee);
        super.move(from, address(this), fee);
    }
}

// Lets whoever made it say who may not be paid, as dollar tokens do.
contract TokenWithBlocklist is Token {
    mapping(address => bool) public isBlocked;

    constructor() Token(6) {}

    function block_(address whom) external {
        isBlocked[whom] = true;
    }

    function move(address from, address to, uint256 value) internal override {
        require(!isBlocked[to], "blocked");
        super.move(from, to, value);
    }
}

// Says no to odd numbers, and does not revert; and when it is told to, says yes and moves nothing.
contract TokenThatSaysNo is Token {
    bool public isSilent;

    constructor() Token(6) {}

    function fallSilent() external {
        isSilent = true;
    }

    function transfer(address to, uint256 value) external override returns (bool) {
        if (isSilent) return true;
        if (value % 2 == 1) return false;
        move(msg.sender, to, value);
        return true;
    }
}

// A dollar token as the largest one is: it keeps balances, and answers a transfer with nothing.
contract TokenWithBalances {
    event Transfer(address indexed from, address indexed to, uint256 value);

    uint8 public constant decimals = 6;
    mapping(address => uint256) public balanceOf;

    constructor() {
        balanceOf[msg.sender] = type(uint256).max;
    }

    function transfer(address to, uint256 value) external {
        require(balanceOf[msg.sender] >= value, "too little is there");
        balanceOf[msg.sender] -= value;
        unchecked { balanceOf[to] += value; }
        emit Transfer(msg.sender, to, value);
    }
}

// Answers a transfer with nothing, as the largest dollar token does.
contract TokenWithoutAnswer {
    event Transfer(address indexed from, address indexed to, uint256 value);

    uint8 public constant decimals = 6;

    function transfer(address to, uint256 value) external {
        emit Transfer(msg.sender, to, value);
    }
}

// Says what did not happen, and in ways that are not a transfer's.
contract Liar {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed from, address indexed to, uint256 value);

    uint8 public constant decimals = 6;

    function pretend(address from, address to, uint256 value) public {
        emit Transfer(from, to, value);
    }

    // A little of an honest token is paid as well, and this log stands beside that token's own.
    function pretendBeside(Token token, address to, uint256 value) external {
        emit Transfer(msg.sender, to, value);
        token.transfer(to, 1);
    }

    // Four topics, as tokens that can't be divided have; none; data too long and too short; another event.
    function mumble(address from, address to, uint256 value) external {
        bytes32 topic = keccak256("Transfer(address,address,uint256)");
        bytes32 sender = bytes32(uint256(uint160(from)));
        bytes32 receiver = bytes32(uint256(uint160(to)));
        assembly {
            mstore(0, value)
            mstore(32, value)
            log4(0, 32, topic, sender, receiver, value)
            log0(0, 32)
            log1(0, 32, topic)
            log2(0, 32, topic, sender)
            log3(0, 64, topic, sender, receiver)
            log3(0, 31, topic, sender, receiver)
            log3(0, 0, topic, sender, receiver)
            log3(0, 32, topic, sender, or(receiver, shl(160, 1)))
            log3(0, 32, topic, or(sender, shl(255, 1)), receiver)
            log3(0, 32, not(topic), sender, receiver)
        }
        emit Approval(from, to, value);
    }
}

// Takes the chain's own coin, and passes it on: no transfer that the outer transaction tells of.
contract Forwarder {
    function forward(address payable to) external payable {
        (bool arrived, ) = to.call{value: msg.value}("");
        require(arrived);
    }
}
