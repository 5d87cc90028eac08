with customers as (
    select
        customer_id,
        owner_source,
        owner_user_id,
        coalesce({{ primary_language('language') }}, 'any') as language
    from {{ ref('int_customer_survivor') }}
),

login_owners as (
    select * from {{ ref('int_login_owner') }}
),

employees as (
    select * from {{ ref('int_employee') }}
),

agents as (
    select * from {{ ref('int_support_agent') }}
    where is_support_agent and active
),

-- an owner once given stays for as long as they are there and nobody with a better claim is
previous_owners as (
    select
        assignments.customer_id,
        assignments.owner_employee_id
    from {{ source('state', 'owner_assignment') }} as assignments
    inner join employees
        on assignments.owner_employee_id = employees.employee_id
        and employees.active
),

claimed as (
    select
        customers.customer_id,
        customers.language,
        customers.owner_source,
        login_owners.unavailable_because,
        login_owners.matched_by,
        login_owners.manager_employee_id,
        case
            when customers.owner_user_id is null then 'nobody named'
            when login_owners.available then 'named'
            when previous_owners.owner_employee_id is not null then 'kept'
            when login_owners.manager_employee_id is not null then 'manager'
            else 'waiting'
        end as claim,
        case
            when login_owners.available then login_owners.employee_id
            else coalesce(previous_owners.owner_employee_id, login_owners.manager_employee_id)
        end as claimed_employee_id
    from customers
    left join login_owners
        on customers.owner_source = login_owners.source
        and customers.owner_user_id = login_owners.user_id
    left join previous_owners
        on customers.customer_id = previous_owners.customer_id
        and customers.owner_user_id is not null
),

-- the rest is shared out among agents who speak the language, in proportion to what each can still take
waiting as (
    select
        customer_id,
        language,
        row_number() over (
            partition by language
            order by customer_id
        ) as turn,
        count(*) over (partition by language) as waiting_customers
    from claimed
    where claim = 'waiting'
),

loads as (
    select
        claimed_employee_id as employee_id,
        count(*) as customers
    from claimed
    where claimed_employee_id is not null
    group by claimed_employee_id
),

spoken as (
    select
        employee_id,
        {{ primary_language(elements('languages')) }} as language
    from agents
    union distinct
    select
        employee_id,
        'any' as language
    from agents
),

-- an agent of several wanted languages gives each an equal part of the spare capacity
parts as (
    select
        spoken.employee_id,
        spoken.language,
        greatest(agents.capacity - coalesce(loads.customers, 0), 0) as spare,
        count(*) over (partition by spoken.employee_id) as wanted_languages,
        row_number() over (
            partition by spoken.employee_id
            order by spoken.language
        ) as number
    from spoken
    inner join agents
        on spoken.employee_id = agents.employee_id
    left join loads
        on spoken.employee_id = loads.employee_id
    where spoken.language in (select waiting.language from waiting)
),

places as (
    select
        employee_id,
        language,
        cast(floor((spare + wanted_languages - number) / wanted_languages) as bigint) as free_places
    from parts
),

shares as (
    select
        employee_id,
        language,
        free_places,
        sum(free_places) over (
            partition by language
            order by employee_id
            rows between unbounded preceding and current row
        ) as places_so_far,
        sum(free_places) over (partition by language) as places_in_all
    from places
    where free_places > 0
),

demand as (
    select distinct
        language,
        waiting_customers
    from waiting
),

-- turns 1..n of a language are cut into consecutive runs, one per agent
turns as (
    select
        shares.employee_id,
        shares.language,
        floor(
            least(demand.waiting_customers, shares.places_in_all)
            * (shares.places_so_far - shares.free_places) / shares.places_in_all
        ) as after_turn,
        floor(
            least(demand.waiting_customers, shares.places_in_all) * shares.places_so_far / shares.places_in_all
        ) as up_to_turn
    from shares
    inner join demand
        on shares.language = demand.language
),

given_out as (
    select
        waiting.customer_id,
        turns.employee_id
    from waiting
    inner join turns
        on waiting.language = turns.language
        and waiting.turn > turns.after_turn
        and waiting.turn <= turns.up_to_turn
),

owned as (
    select
        claimed.*,
        coalesce(claimed.claimed_employee_id, given_out.employee_id) as owner_employee_id
    from claimed
    left join given_out
        on claimed.customer_id = given_out.customer_id
),

-- the words follow from who the owner is, not from when they became it: a run that changes nothing says the same again
final as (
    select
        owned.customer_id,
        owned.owner_employee_id,
        case
            when owned.claim = 'nobody named' then 'queue: no record names an owner'
            when owned.claim = 'named' then 'owner in ' || owned.owner_source || ', known by ' || owned.matched_by
            when owned.owner_employee_id is null
                then 'queue: ' || owned.unavailable_because || ', and no agent with the language has spare capacity'
            when owned.owner_employee_id = owned.manager_employee_id
                then 'nearest active manager: ' || owned.unavailable_because
            when agents.employee_id is not null then 'support agent: ' || owned.unavailable_because
            else 'owner until now: ' || owned.unavailable_because
        end as owner_reason
    from owned
    left join agents
        on owned.owner_employee_id = agents.employee_id
)

select * from final
